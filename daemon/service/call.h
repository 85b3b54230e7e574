/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/status.h"
#include "base/text.h"
#include "domain/policy.h"
#include "google/protobuf/field_mask.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "orgd/rpc/v1/rpc.pb-c.h"
#include "orgd/store/v1/rows.pb-c.h"
#include "rpc/exchange.h"
#include "rpc/registry.h"
#include "secret/entropy.h"
#include "secret/keyring.h"
#include "service/desk.h"
#include "service/settings.h"
#include "store/store.h"

/*
 * One call on its way through the services: bytes → call → policy → snapshot → batch → commit →
 * reply. A handler is a function of (request, caller, now_us, entropy, snapshot) and knows of no
 * socket, thread or database.
 */

struct mail_templates;

/* What the whole daemon shares; immutable once the executor runs. */
struct platform {
	const struct settings *settings;
	const struct clock *clock;
	const struct keyring *keyring;
	struct store *store;
	const struct mail_templates *templates; /* NULL while mail is not configured */
	struct throttle *throttle;              /* counts failed sign-ins, in memory */
	struct last_use *last_use; /* of sessions and API keys, in memory until it is flushed */
	struct helpers *helpers;   /* processes for backups and checks; NULL: there are none */
	struct exports *exports;   /* the state that an export is read from */
	struct waiting *waiting;   /* the reads that wait for a commit */
	int64_t start_us;
	void (*server_statistics)(void *context, uint64_t *connections, uint64_t *calls);
	void *server;
};

/* Who calls, found out anew for each call (SPEC rule 20). */
struct caller {
	struct credentials credentials;
	struct id user_id;           /* zero: no user */
	struct id session_id;        /* zero: none */
	struct id key_id;            /* zero: none */
	uid_t uid;                   /* of an operator or the courier */
	Orgd__Store__V1__User *user; /* NULL: no user */
	Orgd__Store__V1__Session *session;
	bool replay_only; /* the session ended less than a day ago: only replays for it */
};

struct call {
	struct arena *arena;
	const struct platform *platform;
	const struct method *method;
	const struct rule *rule;
	const Orgd__Rpc__V1__Request *envelope;
	const struct peer *peer;
	const ProtobufCMessage *request;
	struct caller caller;

	int64_t now_us;         /* the clock's for a read, the batch's for a mutation */
	struct entropy entropy; /* the same draws when a handler runs again */
	struct snapshot *snapshot;
	struct desk *desk;   /* whose a read is run at; NULL in a mutation */
	struct batch *batch; /* NULL in a read */
	uint16_t events;     /* appended so far */
	struct id event_id;  /* of the first of them */

	/* Whom events name as their actor in place of a caller who is nobody yet: the user who
	 * signs in, or whom an invited sign-up makes. The caller stays who called: replays are
	 * recognised by it. */
	const Orgd__Store__V1__User *actor; /* NULL: the caller */
	struct id actor_id;

	/* What the rpc's prepare step left for its handler, in the arena; NULL without one. */
	void *prepared;

	/* A read that waits: the handler found nothing yet and set it; it runs again after the next
	 * commit, and a last time, with `time_is_over`, at the deadline or when the daemon
	 * stops. */
	bool wait;
	bool time_is_over;
	uint64_t resume_at; /* what it leaves for its next run; 0 in the first */
	struct id wait_for; /* the organization whose events alone it waits for; zero: any commit */

	/* A mutation in steps, each a batch of its own (BatchCreateInvitations): the handler does
	 * step number `step` and says in `more` whether another follows. The steps' responses are
	 * concatenated, which merges their repeated fields. */
	uint32_t step;
	bool more;

	/* What the handler answered. */
	struct status status;
	struct bytes payload;
};

/*
 * A handler: authorise, validate, act, answer. Named like its method, declared by RPC(), which
 * adapts it to the generated service struct:
 *
 *	#define SERVICE Orgd__V1__MemberService_Service
 *	RPC(GetMember, get_member)
 *	...
 *	static struct status get_member(struct call *call,
 *		const Orgd__V1__GetMemberRequest *request,
 *		Orgd__V1__GetMemberResponse *response) { ... }
 *
 *	ProtobufCService *member_service(void)
 *	{
 *		static SERVICE service = ORGD__V1__MEMBER_SERVICE__INIT(rpc_);
 *		return &service.base;
 *	}
 *
 * A forgotten handler is then a compile error. What a handler puts into the response is in the
 * arena.
 */
#define RPC(Name, name)                                                                            \
	static struct status name(struct call *call, const Orgd__V1__##Name##Request *request,     \
		Orgd__V1__##Name##Response *response);                                             \
	RPC_OF(Name, name, name)

/* The same for a handler that is in a file of its own, where a service is too large for one. */
#define RPC_OF(Name, name, handler)                                                                \
	static void rpc_##name(SERVICE *service, const Orgd__V1__##Name##Request *request,         \
		Orgd__V1__##Name##Response_Closure closure, void *closure_data)                    \
	{                                                                                          \
		struct call *call = closure_data;                                                  \
		Orgd__V1__##Name##Response response;                                               \
                                                                                                   \
		(void)service;                                                                     \
		(void)closure;                                                                     \
		orgd__v1__##name##_response__init(&response);                                      \
		call_answer(call, handler(call, request, &response), &response.base);              \
	}

/* Keeps the handler's outcome, the response packed. */
void call_answer(struct call *call, struct status status, const ProtobufCMessage *response);

/* An rpc's slow or impure part, on the crypto pool, before its handler and outside any transaction.
 * It may read through call->snapshot, which it gets by call_look() and gives back by
 * call_look_away() before the slow part. What it learned may be stale when the handler runs: the
 * handler checks again. A failure answers the call. */
struct prepare {
	const char *path; /* "/orgd.v1.SessionService/SignIn" */
	struct status (*prepare)(struct call *call);
};
MUST_USE struct status call_look(struct call *call);
void call_look_away(struct call *call);

/* authorize.c: the one way to policy. Each parses the ids first (INVALID_ARGUMENT), then asks
 * policy, and only then says NOT_FOUND. */

/* For methods about the platform as a whole. */
MUST_USE struct status authorize(struct call *call);
/* For methods about a user who need not exist: *user_id is the caller when `text` is empty, and the
 * method one that a user may call about oneself.
 *
 *   INVALID_ARGUMENT    FIELD_REQUIRED: empty, and the caller is no user */
MUST_USE struct status authorize_user_id(
	struct call *call, const char *field, const char *text, struct id *user_id);
/* For methods about a user: `text` is the request's field `field`, empty likewise for the caller.
 * *user is the row.
 *
 *   NOT_FOUND           USER_NOT_FOUND
 *   INVALID_ARGUMENT    FIELD_REQUIRED: empty, and the caller is no user */
MUST_USE struct status authorize_user(struct call *call, const char *field, const char *text,
	Orgd__Store__V1__User **user, struct id *user_id);

/* The organization at hand, and what the caller is there. */
struct standing {
	struct id organization_id;
	Orgd__Store__V1__Organization *organization;
	Orgd__V1__Role role; /* unspecified for an outsider */
	unsigned hats;       /* for policy_may_… */
};
/* For methods about an organization. Deleted ones are found too: see organization_check_writable.
 *
 *   NOT_FOUND           ORGANIZATION_NOT_FOUND */
MUST_USE struct status authorize_organization(
	struct call *call, const char *field, const char *text, struct standing *standing);
/* The same with an id that is parsed already (found by handle, say). */
MUST_USE struct status authorize_organization_id(
	struct call *call, const struct id *id, struct standing *standing);

/* page.c: lists. */
struct page {
	uint32_t size;    /* rows still wanted */
	struct key after; /* where the list goes on; `after.size` 0 at its beginning */
	size_t bytes;     /* packed so far, for the 1 MiB a reply may have */
};
/* Reads page_size and page_token. The token is bound to the caller, the method and `request` less
 * its page fields.
 *
 *   INVALID_ARGUMENT PAGE_SIZE   negative
 *   INVALID_ARGUMENT PAGE_TOKEN  not ours, another caller's, or for other arguments */
MUST_USE struct status page_begin(
	struct call *call, int32_t page_size, const char *page_token, struct page *page);
/* Is there room for `row`? Counts it if so. When not, the list ends here and page_token() says how
 * to go on. */
bool page_add(struct page *page, const ProtobufCMessage *row);
/* The token for the row after `last`. */
char *page_token(struct call *call, const struct key *last);
const struct key *page_after(const struct page *page); /* NULL at the beginning: for scan_begin */

/* event.c */
struct event_detail {
	const char *key;
	const char *value;
	/* Whose name or address it is, sealed with that person's key: a user, or an address without
	 * an account. */
	const struct id *person;
	const char *person_email; /* canonical */
};
enum { EVENT_DETAILS_MAX = 6 };
struct event {
	const char *action; /* "member.removed" */
	const struct id *organization, *user, *invitation, *document, *collection,
		*grant;                                 /* NULL where it does not apply */
	struct event_detail details[EVENT_DETAILS_MAX]; /* up to the first without a key */
	bool by_system;                                 /* a sweep did it, nobody called */
};
/* One fact of this batch. The actor is the caller. */
MUST_USE struct status event_append(struct call *call, const struct event *event);

/* resource.c: small things that every resource needs. */
Google__Protobuf__Timestamp *timestamp_new(struct arena *arena, int64_t us); /* NULL for 0 */
int64_t timestamp_us(const Google__Protobuf__Timestamp *timestamp);          /* 0 for NULL */
/* A field of the request that holds a time.
 *   INVALID_ARGUMENT INVALID_TIME  out of the years 1 to 9999 or with nanoseconds out of range */
MUST_USE struct status timestamp_check(
	const char *field, const Google__Protobuf__Timestamp *timestamp, int64_t *us);
/* Derived from update_time, which every change of a resource's own fields moves. */
char *etag_of(struct arena *arena, const Google__Protobuf__Timestamp *update_time);
/*   ABORTED ETAG_MISMATCH  `etag` is not empty and not current */
MUST_USE struct status etag_check(
	struct arena *arena, const char *etag, const Google__Protobuf__Timestamp *update_time);
/* Which fields an update means: `names` is the NULL-terminated list of those that can be updated.
 * Without a mask, the populated ones. Returns a bit for each name.
 *
 *   INVALID_ARGUMENT UPDATE_MASK  unknown, nested or output-only */
MUST_USE struct status update_mask_read(const Google__Protobuf__FieldMask *mask,
	const ProtobufCMessage *resource, const char *const names[], uint64_t *fields);
/* text_check that leaves the result in the request's own field. */
MUST_USE struct status text_check_in_place(struct call *call, enum text_kind kind,
	const char *field, char **value, size_t min, size_t max);
/* Would these two of one type be written alike? Then an update changes nothing. */
bool message_equal(struct arena *arena, const ProtobufCMessage *a, const ProtobufCMessage *b);
/* Checks the map<string, string> in the request's field `field`: `entries` is the generated array
 * of its entries (Orgd__V1__…Entry **), *count how many there are. At most 32 pairs, keys of 1 to
 * 64 characters of a-z, 0-9, "_", "-", ".", values of at most 500. Leaves them sorted by key with
 * values trimmed; of two with one key the last stays, as protobuf has it.
 *
 *   INVALID_ARGUMENT METADATA_LIMIT  more than 32 pairs
 *   INVALID_ARGUMENT METADATA_KEY    another character in a key, or none, or more than 64
 *   and what text_check answers for a value */
MUST_USE struct status metadata_check(
	struct call *call, const char *field, size_t *count, void *entries);
/* Is `value` a known, specified member of this enum?
 *   INVALID_ARGUMENT UNKNOWN_ENUM_VALUE */
MUST_USE struct status enum_check(
	const char *field, const ProtobufCEnumDescriptor *descriptor, int value);
/* The same, but unspecified (0) is fine: filters. */
MUST_USE struct status enum_check_optional(
	const char *field, const ProtobufCEnumDescriptor *descriptor, int value);
/* The name without its prefix: "ADMIN" for ROLE_ADMIN. */
const char *enum_word(const ProtobufCEnumDescriptor *descriptor, int value);
/* Now, to the batch's microsecond. */
Google__Protobuf__Timestamp *call_now(struct call *call);
