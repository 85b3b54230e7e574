/* SPDX-License-Identifier: Apache-2.0 */
#include "meaning.h"

#include <org_client.h>
#include <string.h>

#include "message.h"

#define TEXT(name, text)                                                                           \
	{                                                                                          \
		name, 0, text, NULL, NULL, false, NULL                                             \
	}
#define LETTER(name, letter, text)                                                                 \
	{                                                                                          \
		name, letter, text, NULL, NULL, false, NULL                                        \
	}
#define A_FILE(name, text)                                                                         \
	{                                                                                          \
		name, 0, text, NULL, NULL, true, NULL                                              \
	}
#define WORDS(name, letter, text, words)                                                           \
	{                                                                                          \
		name, letter, text, words, NULL, false, NULL                                       \
	}
#define ENUM(noun, name, text, descriptor)                                                         \
	{                                                                                          \
		name, 0, text, NULL, &orgd__v1__##descriptor##__descriptor, false, noun            \
	}

static const struct meaning meanings[] = {
	/* of every command */
	WORDS("output", 'o', "what answers look like", "table json jsonl csv"),
	LETTER("quiet", 'q', "print only ids, one a line"),
	LETTER("profile", 'p', "whose session to use; also ORGCTL_PROFILE"),
	LETTER("url", 'u',
		"where orgd listens: ipc:///path or tcp://127.0.0.1:port; also ORGD_URL"),
	TEXT("operator", "speak as the local operator, whoever is signed in"),
	TEXT("anonymous", "speak as nobody, whoever is signed in"),
	A_FILE("api-key-file", "speak as a service: the file holds its key (\"-\": standard "
			       "input)"),
	TEXT("on-behalf-of", "for a service: the id of the user it acts for"),
	TEXT("timeout", "how many seconds a call may take (10)"),
	TEXT("request-id", "repeat a change whose answer never came under its id: it happens once"),
	LETTER("help", 'h', "show this"),
	LETTER("yes", 'y', "do not ask, go on"),
	TEXT("limit", "at most so many; without it, all"),

	/* arguments */
	TEXT("organization", "its handle or its id (org_…)"),
	TEXT("user", "an id (usr_…), or an e-mail address where you may look it up"),
	TEXT("email", "an e-mail address"),
	TEXT("emails", "e-mail addresses"),
	TEXT("invitation", "an id (inv_…), or the invited address"),
	TEXT("document", "an id (doc_…)"),
	TEXT("documents", "ids (doc_…), at most 50"),
	TEXT("collection", "an id (col_…)"),
	TEXT("grant", "an id (grt_…)"),
	TEXT("session", "an id (ses_…)"),
	TEXT("api-key", "an id (key_…)"),
	TEXT("webhook", "an id (whk_…)"),
	TEXT("event", "an id (evt_…)"),
	TEXT("delivery", "an id (dlv_…)"),
	ENUM(NULL, "roles", "one or both", platform_role),
	TEXT("handle", "a short name for links and commands: 2 to 63 of a-z, 0-9 and hyphens"),
	TEXT("method",
		"SERVICE/METHOD, such as MemberService/GetMember; see orgctl server methods"),
	TEXT("json", "the request in ProtoJSON; \"-\" reads it from standard input, {} without it"),
	A_FILE("records",
		"a file that orgctl export printed, or one like it (\"-\": standard input)"),
	WORDS("shell", 0, "whose completion to print", "bash zsh fish"),

	/* options */
	TEXT("invited", "sign up through an invitation: its token is asked for"),
	A_FILE("invitation-token-file",
		"the same, with the token or its link in a file (\"-\": standard input)"),
	A_FILE("token-file",
		"the token or the link from the mail, in a file (\"-\": standard input); asked for "
		"without"),
	A_FILE("password-file", "the password in a file (\"-\": standard input)"),
	A_FILE("current-password-file",
		"the password until now in a file (\"-\": standard input); asked for without"),
	A_FILE("new-password-file",
		"the new password in a file (\"-\": standard input); asked for without"),
	A_FILE("secret-file", "write the secret to a new file of mode 0600 instead of showing it"),
	TEXT("confirm-email", "the account's address, in place of typing it back"),
	TEXT("confirm-handle", "the handle, in place of typing it back"),
	TEXT("client", "how the session is called in lists"),
	TEXT("all", "all of them"),
	TEXT("none", "take all away"),
	ENUM("user", "state", "only those in this state", user_state),
	ENUM("organization", "state", "only those in this state", organization_state),
	ENUM("invitation", "state", "only those in this state", invitation_state),
	ENUM("delivery", "state", "only those in this state", delivery_state),
	ENUM(NULL, "verification", "only those in this state of verification", verification_state),
	ENUM(NULL, "role", "what someone is in an organization", role),
	ENUM(NULL, "minimum-role", "the least role that it serves", role),
	TEXT("name-prefix", "only those whose name, handle or address begins so"),
	TEXT("owner", "for the operator: the user who becomes its Owner"),
	TEXT("display-name", "1 to 100 characters"),
	TEXT("legal-name", "as it is registered"),
	TEXT("website", "an http or https URL"),
	TEXT("country", "two letters, ISO 3166"),
	TEXT("endpoint", "an https URL that takes POST requests"),
	{ "description", 0, "at most 200 characters", NULL, NULL, false, "webhook" },
	TEXT("description", "at most 2,000 characters"),
	TEXT("intended-use", "what it wants the documents for"),
	TEXT("metadata", "KEY=VALUE, also more than once; KEY= takes it out"),
	TEXT("labels", "KEY=VALUE, also more than once; KEY= takes it out"),
	TEXT("seat-limit", "members and pending invitations together; 0 for no limit"),
	TEXT("title", "1 to 100 characters"),
	TEXT("locator", "where the portal finds it"),
	TEXT("reason", "why, for those concerned to read"),
	ENUM(NULL, "code", "why", decision_reason),
	TEXT("note", "for the organization to read"),
	TEXT("private-note", "for reviewers alone"),
	TEXT("without-mail", "send no mail about it"),
	TEXT("etag", "only if it is still as it was when this etag was read"),
	TEXT("message", "a line to the invited person: at most 500 characters"),
	TEXT("expires-in", "how long the link holds: 12h, 7d (the default), 30d at most"),
	TEXT("expires", "when it ends: 2027-01-31, 2027-01-31T18:00:00Z or, from now, 30d"),
	A_FILE("file", "one address a line (\"-\": standard input)"),
	WORDS("scope", 0, "what the service may do, also more than once",
		"act check documents events organizations.read"),
	ENUM(NULL, "permission", "what it allows", permission),
	TEXT("exit-code", "end with 5 when the answer is no"),
	TEXT("allow-missing", "what is not there is no failure"),
	TEXT("action", "only actions that begin so: member. or invitation.accepted"),
	TEXT("from", "the first revision of interest"),
	TEXT("dry-run", "only say for each line what would come of it; nothing is changed"),
	A_FILE("against", "a checkpoint that orgctl event checkpoint printed"),
	TEXT("public-key",
		"the key that signs checkpoints, in base64, as it was written down when orgd was "
		"set up; an honest orgd that holds to it shows that nobody else rewrote the disk"),
};

const struct meaning *meaning_of(const char *noun, const char *parameter)
{
	for (size_t i = 0; i < COUNT_OF(meanings); i++)
		if (strcmp(meanings[i].name, parameter) == 0 &&
			(!meanings[i].noun || (noun && strcmp(meanings[i].noun, noun) == 0)))
			return &meanings[i];
	return NULL;
}

char meaning_letter(const char *option)
{
	const struct meaning *meaning = meaning_of(NULL, option);

	return meaning ? meaning->letter : 0;
}

static char *add_word(struct arena *arena, const char *words, const char *word)
{
	return words ? arena_printf(arena, "%s %s", words, word) : arena_strdup(arena, word);
}

static char *enum_words(struct arena *arena, const ProtobufCEnumDescriptor *descriptor)
{
	char *words = NULL;

	for (unsigned i = 0; i < descriptor->n_values; i++) {
		char word[ENUM_WORD_BYTES];

		if (descriptor->values[i].value == 0)
			continue;
		enum_word(descriptor, descriptor->values[i].value, word);
		words = add_word(arena, words, word);
	}
	return words;
}

/* "MemberService/GetMember" and so on. */
static char *method_words(struct arena *arena)
{
	char *words = NULL;

	for (const ProtobufCServiceDescriptor *const *service = org_services(); *service; service++)
		for (unsigned i = 0; i < (*service)->n_methods; i++)
			words = add_word(arena, words,
				arena_printf(arena, "%s/%s", strrchr((*service)->name, '.') + 1,
					(*service)->methods[i].name));
	return words;
}

char *meaning_words(struct arena *arena, const struct meaning *meaning)
{
	if (meaning->words)
		return arena_strdup(arena, meaning->words);
	if (meaning->values)
		return enum_words(arena, meaning->values);
	return strcmp(meaning->name, "method") == 0 ? method_words(arena) : NULL;
}

const char *meaning_text(struct arena *arena, const struct meaning *meaning)
{
	char *words = meaning->words || meaning->values ? meaning_words(arena, meaning) : NULL;
	const char *text = meaning->text, *mark = ": ";

	for (char *word; (word = strsep(&words, " "));) {
		text = arena_printf(arena, "%s%s%s", text, mark, word);
		mark = words && strchr(words, ' ') ? ", " : " or ";
	}
	return text;
}
