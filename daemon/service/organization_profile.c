/* SPDX-License-Identifier: Apache-2.0 */
#include "service/organization_profile.h"

#include <string.h>

#include "base/text.h"
#include "domain/organization.h"

const char *const organization_profile_fields[] = { "display_name", "legal_name", "website",
	"country", "description", "intended_use", "metadata", "seat_limit", NULL };

/* A field that is a text: the check that it takes. */
static const struct text_field {
	enum profile_field bit;
	const char *path;
	size_t offset;
	enum text_kind kind;
	size_t min, max;
} text_fields[] = {
	{ PROFILE_DISPLAY_NAME, "organization.display_name",
		offsetof(Orgd__V1__Organization, display_name), TEXT_NAME, 1, TEXT_NAME_MAX },
	{ PROFILE_LEGAL_NAME, "organization.legal_name",
		offsetof(Orgd__V1__Organization, legal_name), TEXT_LINE, 0, TEXT_NAME_MAX },
	{ PROFILE_WEBSITE, "organization.website", offsetof(Orgd__V1__Organization, website),
		TEXT_LINE, 0, TEXT_URL_MAX },
	{ PROFILE_COUNTRY, "organization.country", offsetof(Orgd__V1__Organization, country),
		TEXT_LINE, 0, TEXT_NAME_MAX },
	{ PROFILE_DESCRIPTION, "organization.description",
		offsetof(Orgd__V1__Organization, description), TEXT_PARAGRAPHS, 0, TEXT_NOTE_MAX },
	{ PROFILE_INTENDED_USE, "organization.intended_use",
		offsetof(Orgd__V1__Organization, intended_use), TEXT_PARAGRAPHS, 0, TEXT_NOTE_MAX },
};

MUST_USE static struct status check_text(
	struct arena *arena, const struct text_field *field, const char *value, const char **result)
{
	TRY(text_check(arena, field->kind, field->path, value, field->min, field->max, result));
	if (field->bit == PROFILE_WEBSITE)
		return text_check_url(arena, field->path, *result, result);
	if (field->bit == PROFILE_COUNTRY && **result && !organization_country_is_known(*result))
		return status_invalid(field->path, "INVALID_COUNTRY",
			"\"%.20s\" is no ISO 3166-1 alpha-2 code in capitals, such as DE", *result);
	return OK;
}

MUST_USE static struct status set_texts(struct call *call, const Orgd__V1__Organization *given,
	uint64_t fields, Orgd__V1__Organization *profile, uint64_t *changed)
{
	for (size_t i = 0; i < COUNT_OF(text_fields); i++) {
		const struct text_field *field = &text_fields[i];
		char *const *from =
			(char *const *)(const void *)((const char *)given + field->offset);
		char **to = (char **)(void *)((char *)profile + field->offset);
		const char *value;

		if (!(fields & field->bit))
			continue;
		TRY(check_text(call->arena, field, *from, &value));
		if (!strcmp(*to, value))
			continue;
		*to = (char *)(uintptr_t)value;
		*changed |= field->bit;
	}
	return OK;
}

MUST_USE static struct status set_metadata(struct call *call, const Orgd__V1__Organization *given,
	Orgd__V1__Organization *profile, uint64_t *changed)
{
	size_t count = given->n_metadata;
	Orgd__V1__Organization__MetadataEntry **pairs =
		ARENA_ARRAY(call->arena, Orgd__V1__Organization__MetadataEntry *, count + 1);
	bool differs;

	if (count)
		memcpy(pairs, given->metadata, count * sizeof(*pairs));
	TRY(metadata_check(call, "organization.metadata", &count, pairs));
	/* Both are sorted by key. */
	differs = count != profile->n_metadata;
	for (size_t i = 0; !differs && i < count; i++)
		differs = strcmp(pairs[i]->key, profile->metadata[i]->key) ||
			  strcmp(pairs[i]->value, profile->metadata[i]->value);
	if (!differs)
		return OK;
	profile->metadata = pairs;
	profile->n_metadata = count;
	*changed |= PROFILE_METADATA;
	return OK;
}

struct status organization_profile_set(struct call *call, const Orgd__V1__Organization *given,
	uint64_t fields, Orgd__V1__Organization *profile, uint64_t *changed)
{
	*changed = 0;
	TRY(set_texts(call, given, fields, profile, changed));
	if (fields & PROFILE_METADATA)
		TRY(set_metadata(call, given, profile, changed));
	if (fields & PROFILE_SEAT_LIMIT && profile->seat_limit != given->seat_limit) {
		profile->seat_limit = given->seat_limit;
		*changed |= PROFILE_SEAT_LIMIT;
	}
	return OK;
}

char *organization_profile_names(struct arena *arena, uint64_t fields)
{
	char *names = arena_strdup(arena, "");

	for (size_t i = 0; organization_profile_fields[i]; i++)
		if (fields & UINT64_C(1) << i)
			names = arena_printf(arena, "%s%s%s", names, *names ? "," : "",
				organization_profile_fields[i]);
	return names;
}
