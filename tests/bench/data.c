/* SPDX-License-Identifier: Apache-2.0 */
#include "data.h"

#include <err.h>
#include <stdio.h>
#include <string.h>

const uint8_t data_master_key[DATA_KEY_BYTES] = "the master key of the benchmark";
const unsigned data_study_organizations[DATA_STUDY_USERS] = { 1, 4, 16, 64 };
const unsigned data_study_collections[DATA_STUDY_DOCUMENTS] = { 0, 4, 16 };

void data_init(struct data *data, size_t organizations, size_t members_each, size_t invitations)
{
	struct status status = keyring_of(data_master_key, 1, &data->keyring);

	if (status.code)
		errx(1, "%s", status.failure->message);
	data->members_each = members_each;
	data->count[DATA_MEMBER] = organizations * members_each;
	data->count[DATA_ORGANIZATION] = data->count[DATA_DOCUMENT] = data->count[DATA_GRANT] =
		organizations;
	data->count[DATA_SHELF_DOCUMENT] = data->count[DATA_SHELF_GRANT] = DATA_SHELF;
	data->count[DATA_INVITEE] = data->count[DATA_SESSION] = data->count[DATA_INVITATION] =
		invitations;
	data->count[DATA_STUDY_USER] = DATA_STUDY_USERS;
	data->count[DATA_STUDY_DOCUMENT] = DATA_STUDY_DOCUMENTS;
	data->count[DATA_STUDY_COLLECTION] = DATA_STUDY_COLLECTIONS;
	data->count[DATA_API_KEY] = 1;
}

/* Spreads bits evenly, one to one: splitmix64's end. */
static uint64_t mix(uint64_t word)
{
	word = (word ^ (word >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
	return word ^ (word >> 31);
}

struct id data_id(const struct data *data, enum data_thing thing, size_t number)
{
	uint64_t place = __builtin_bswap64(UINT64_MAX / data->count[thing] * number);
	uint64_t rest = mix((uint64_t)(thing + 1) << 56 | number);
	struct id id;

	memcpy(id.bytes, &place, sizeof(place));
	memcpy(id.bytes + sizeof(place), &rest, sizeof(rest));
	return id;
}

static enum id_type type_of(enum data_thing thing)
{
	switch (thing) {
	case DATA_MEMBER:
	case DATA_INVITEE:
	case DATA_STUDY_USER:
		return ID_USER;
	case DATA_ORGANIZATION:
		return ID_ORGANIZATION;
	case DATA_DOCUMENT:
	case DATA_SHELF_DOCUMENT:
	case DATA_STUDY_DOCUMENT:
		return ID_DOCUMENT;
	case DATA_GRANT:
	case DATA_SHELF_GRANT:
		return ID_GRANT;
	case DATA_STUDY_COLLECTION:
		return ID_COLLECTION;
	case DATA_SESSION:
		return ID_SESSION;
	case DATA_INVITATION:
		return ID_INVITATION;
	case DATA_API_KEY:
	case DATA_THINGS:
		break;
	}
	return ID_API_KEY;
}

void data_id_text(
	const struct data *data, enum data_thing thing, size_t number, char text[ID_TEXT_BYTES])
{
	struct id id = data_id(data, thing, number);

	id_format(type_of(thing), &id, text);
}

struct token data_token(const struct data *data, enum data_thing thing, size_t number)
{
	enum token_type type = thing == DATA_SESSION   ? TOKEN_SESSION
			       : thing == DATA_API_KEY ? TOKEN_API_KEY
						       : TOKEN_INVITATION;
	struct id id = data_id(data, thing, number);
	struct entropy entropy = { .seed = { (uint8_t)thing } };

	memcpy(entropy.seed + 1, id.bytes, sizeof(id.bytes));
	return token_draw(type, &id, &entropy);
}

void data_authorization(const struct data *data, enum data_thing thing, size_t number,
	char text[DATA_AUTHORIZATION_BYTES])
{
	struct token token = data_token(data, thing, number);
	char formatted[TOKEN_TEXT_BYTES];

	token_format(&token, formatted);
	snprintf(text, DATA_AUTHORIZATION_BYTES, "Bearer %s", formatted);
}
