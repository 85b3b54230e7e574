/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>

#include "secret/token.h"

/*
 * The data that the daemon is measured on: the same in every run, the times and the epoch aside.
 *
 * It is written through the store's own interface and its typed rows (daemon/store/), since a
 * million sign-ups would take a day: the rows are those that the services write, without the
 * events, which nothing that is measured reads. Ids are spread over the whole range as random ones
 * are, but ascend, so that tables are filled in the order of their keys.
 *
 *	organizations  verified, each with one document that it may read
 *	members        so many in each, the first its Owner; each belongs to that organization alone
 *	shelf          DATA_SHELF more documents of the first organization
 *	invitations    each for a user of its own who is signed in; organizations in turn
 *	study          users who belong to data_study_organizations of these, and documents in
 *	               data_study_collections collections that nobody was granted: all of them
 *	               are looked at, for a no
 */
enum data_thing {
	DATA_MEMBER,
	DATA_ORGANIZATION,
	DATA_DOCUMENT, /* of the organization with its number */
	DATA_GRANT,
	DATA_SHELF_DOCUMENT,
	DATA_SHELF_GRANT,
	DATA_INVITEE,
	DATA_SESSION, /* of the invitee with its number */
	DATA_INVITATION,
	DATA_STUDY_USER,
	DATA_STUDY_DOCUMENT,
	DATA_STUDY_COLLECTION,
	DATA_API_KEY, /* of a service with the scope "check" */
	DATA_THINGS,
};

enum {
	DATA_SHELF = 1000,
	DATA_STUDY_USERS = 4,
	DATA_STUDY_DOCUMENTS = 3,
	DATA_STUDY_COLLECTIONS = 16,
};
extern const unsigned data_study_organizations[DATA_STUDY_USERS];
extern const unsigned data_study_collections[DATA_STUDY_DOCUMENTS];

struct data {
	size_t count[DATA_THINGS];
	size_t members_each; /* in an organization */
	struct keyring *keyring;
};

enum { DATA_KEY_BYTES = 32 };
extern const uint8_t data_master_key[DATA_KEY_BYTES];

/* Of the sizes; `organizations` is at least the greatest of data_study_organizations. */
void data_init(struct data *data, size_t organizations, size_t members_each, size_t invitations);
/* Fills a fresh database in `directory`; returns how long that took. */
int64_t data_fill(const struct data *data, const char *directory);

/* The id of the thing with this number. */
struct id data_id(const struct data *data, enum data_thing thing, size_t number);
void data_id_text(
	const struct data *data, enum data_thing thing, size_t number, char text[ID_TEXT_BYTES]);
/* Of DATA_SESSION, DATA_INVITATION and DATA_API_KEY: what is handed out. */
struct token data_token(const struct data *data, enum data_thing thing, size_t number);
/* "Bearer …" */
enum { DATA_AUTHORIZATION_BYTES = 7 + TOKEN_TEXT_BYTES };
void data_authorization(const struct data *data, enum data_thing thing, size_t number,
	char text[DATA_AUTHORIZATION_BYTES]);
