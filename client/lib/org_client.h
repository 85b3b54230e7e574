/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <google/rpc/status.pb-c.h>
#include <org_services.h> /* the generated header of every service */
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * liborgclient: calls orgd, the organization and membership daemon.
 *
 *	struct org_client_options options = { .authorization = key };
 *	struct org_client *client;
 *	struct org_status status;
 *	Orgd__V1__CheckRequest request;
 *	Orgd__V1__CheckResponse *response;
 *
 *	if (org_client_open(NULL, &options, &client, &status))
 *		errx(1, "%s", status.message);
 *	orgd__v1__check_request__init(&request);
 *	request.document_id = document;
 *	if (ORG_CALL(client, access_service, check, &request, NULL, &response, &status))
 *		errx(1, "%s", status.message);
 *	puts(response->allowed ? "yes" : "no");
 *	org_message_free(response);
 *	org_client_close(client);
 *
 * Every call carries a request id of its own, which makes each mutation happen at most once however
 * often it is sent, and is sent again by itself while its deadline lasts: after a lost connection,
 * and after an UNAVAILABLE. Options structs are zero-initialised; a zero means the default.
 *
 * Calls need not wait for each other: begin several, then wait for them, see org_call_begin.
 *
 * Threads: several may call on one client at once, over its one connection. The library makes no
 * thread of its own. A client does not survive a fork: a child opens its own.
 */

#ifdef __cplusplus
extern "C" {
#endif

#define ORG_API __attribute__((visibility("default")))

/* Where orgd listens unless told otherwise. */
#define ORG_URL_DEFAULT "ipc:///run/orgd/orgd.sock"

enum {
	ORG_TIMEOUT_MS = 10000, /* of a call, by default */
	ORG_TIMEOUT_MS_MAX = 60000,
	ORG_CONNECT_TIMEOUT_MS = 3000,
	ORG_REQUEST_BYTES_MAX = 1024 * 1024, /* of a request message, packed */
	ORG_UNDER_WAY_MAX = 64, /* calls of a client that orgd is at work on; more wait their turn
				   in the client */
};

/* gRPC's codes and meanings. */
enum org_code {
	ORG_OK = 0,
	ORG_CANCELLED = 1,
	ORG_UNKNOWN = 2,
	ORG_INVALID_ARGUMENT = 3,   /* the request can never be right, whatever the state */
	ORG_DEADLINE_EXCEEDED = 4,  /* no answer in time; a mutation may or may not have happened */
	ORG_NOT_FOUND = 5,          /* the thing is not there, and the caller may know it */
	ORG_ALREADY_EXISTS = 6,     /* what should be made is there */
	ORG_PERMISSION_DENIED = 7,  /* the caller may not, whether or not the thing exists */
	ORG_RESOURCE_EXHAUSTED = 8, /* a cap or a rate limit */
	ORG_FAILED_PRECONDITION = 9, /* the state forbids it; change the state first */
	ORG_ABORTED = 10,            /* someone else was faster; read again and retry */
	ORG_OUT_OF_RANGE = 11,
	ORG_UNIMPLEMENTED = 12, /* no such method */
	ORG_INTERNAL = 13,      /* their bug or ours; call_id finds it in orgd's log */
	ORG_UNAVAILABLE = 14,   /* not reachable, or not now; try again later, unchanged */
	ORG_DATA_LOSS = 15,
	ORG_UNAUTHENTICATED = 16, /* no valid credential */
};

/* "FAILED_PRECONDITION" and so on; "UNKNOWN" for what is no code. */
ORG_API const char *org_code_name(int code);

/* How a call went. A plain value: nothing in it needs freeing, and what is longer than its room is
 * cut at a character. Strings are "" where there is nothing to say. */
struct org_status {
	enum org_code code;
	char reason[64];        /* for programs: "LAST_OWNER" */
	char message[512];      /* for people */
	char help[512];         /* a link or an address to turn to */
	int64_t retry_after_ms; /* 0: not said */

	char call_id[40];    /* names the call in orgd's log */
	char request_id[65]; /* the one the call was made with: repeat it after ORG_UNAVAILABLE or
				ORG_DEADLINE_EXCEEDED, and it happens once */
	uint64_t epoch;      /* the history that `revision` belongs to */
	uint64_t revision;   /* the mutation's own, else what the answer was read at */
	bool committed;      /* this very call changed something */

	size_t violation_count; /* fields of the request that are wrong */
	struct org_violation {
		char field[96]; /* "organization.website" */
		char reason[64];
		char description[512];
	} violations[4];
	size_t metadata_count; /* facts about the reason */
	struct org_metadata {
		char key[64];
		char value[128];
	} metadata[8];
};

/* The same about a google.rpc.Status inside a message (BatchCreateInvitations has one a result).
 * NULL is ORG_OK. */
ORG_API void org_status_read(const Google__Rpc__Status *rpc, struct org_status *status);

/* --- a client --- */

/* What every call on the client starts from. Strings are copied. */
struct org_client_options {
	/* Who calls: a session token, an API key, or "Peer" for whoever the kernel says this
	 * process is (local sockets only). NULL or "": anyone, who may sign up and sign in. */
	const char *authorization;
	/* The user on whose behalf a service calls. NULL or "": itself. */
	const char *on_behalf_of;
	/* How long a call may take, retries and all; at most ORG_TIMEOUT_MS_MAX. */
	uint32_t timeout_ms;
	/* How much of that may pass while there is no connection to send on. A daemon that is just
	 * being restarted is waited for. */
	uint32_t connect_timeout_ms;
	/* How often a call is sent at most: again after UNAVAILABLE or a lost connection, backing
	 * off, with the same request id, never past the deadline. 0: as often as fits; 1: once. */
	unsigned tries_max;
	/* Reads see everything that any call on this client has seen or written. */
	bool read_your_writes;
};

struct org_client;

/* Makes a client of the daemon at `url`, "ipc:///path" or "tcp://127.0.0.1:port"; NULL is
 * ORG_URL_DEFAULT. Does not wait for a connection: it comes and goes behind the scenes, and each
 * call says when it is missing. `options` and `status` may be NULL.
 *
 *   INVALID_ARGUMENT URL_MALFORMED  neither form
 *   INTERNAL         CLIENT_FAILED  no memory or descriptors */
ORG_API enum org_code org_client_open(const char *url, const struct org_client_options *options,
	struct org_client **client, struct org_status *status);

/* NULL is fine. What is under way ends with CANCELLED CLIENT_CLOSED, in other threads too, and may
 * have happened; each call that was begun still has to be waited for or cancelled. No call may
 * begin any more. In a forked child it does nothing. */
ORG_API void org_client_close(struct org_client *client);

/* --- a call --- */

/* What differs from the client's options in one call. */
struct org_call_options {
	const char *authorization; /* NULL: the client's; "": anyone */
	const char *on_behalf_of;  /* NULL: the client's; "": nobody */
	uint32_t timeout_ms;       /* 0: the client's */
	/* NULL: a fresh one. A caller gives one to repeat a call whose answer never came, also
	 * after a restart of its own: 16 to 64 printable ASCII characters. */
	const char *request_id;
	/* A read sees at least this revision of this epoch (org_status has them), or is
	 * UNAVAILABLE. */
	uint64_t min_epoch, min_revision;
	const char *trace_parent; /* a W3C traceparent, for orgd's log */
};

/* Fills in a fresh request id, for a caller that writes it down before the call. */
enum { ORG_REQUEST_ID_BYTES = 33 };
ORG_API void org_request_id_make(char id[ORG_REQUEST_ID_BYTES]);

/* Calls `method` ("GetMember") of `service` and waits for the answer. *response is then the
 * unpacked response message, to be freed with org_message_free, or NULL unless ORG_OK. `options`,
 * `response` and `status` may be NULL. Besides what orgd answers:
 *
 *   INVALID_ARGUMENT    REQUEST_TOO_LARGE    over ORG_REQUEST_BYTES_MAX
 *   UNIMPLEMENTED       METHOD_UNKNOWN       no such method in `service`
 *   INVALID_ARGUMENT    REQUEST_TYPE         `request` is not that method's
 *   UNAVAILABLE         CONNECTION_REFUSED   no connection within connect_timeout_ms; the sentence
 *                                            says why. The call did not happen
 *   UNAVAILABLE         CONNECTION_LOST      sent, but the connection ended and did not come back
 *                                            in time. The call may have happened
 *   DEADLINE_EXCEEDED   NO_ANSWER            sent, but no answer in time. The call may have
 *                                            happened
 *   DEADLINE_EXCEEDED   NOT_SENT             its turn behind ORG_UNDER_WAY_MAX others did not come
 *                                            in time. The call did not happen
 *   CANCELLED           CLIENT_CLOSED        the client was closed meanwhile. The call may have
 *                                            happened
 *   FAILED_PRECONDITION CLIENT_FORKED        the client was opened by a parent process
 *   INTERNAL            REPLY_MALFORMED      the answer is not orgd's
 *   INTERNAL            CLIENT_FAILED        no memory or descriptors */
ORG_API enum org_code org_call(struct org_client *client, const ProtobufCServiceDescriptor *service,
	const char *method, const ProtobufCMessage *request, const struct org_call_options *options,
	ProtobufCMessage **response, struct org_status *status);

/* The same with every type checked by the compiler: service and method are named as the generated
 * functions name them, and `response` is the address of a pointer to that method's response.
 *
 *	ORG_CALL(client, member_service, get_member, &request, NULL, &response, &status) */
#define ORG_CALL(client, service_name, method_name, request, options, response, status)            \
	org_call_wait(                                                                             \
		ORG_CALL_BEGIN(client, service_name, method_name, request, options, response),     \
		(status))

/* --- several calls at once --- */

/*
 * A call that has begun. Begin some, then wait for each, in any order: they are answered in
 * whichever order orgd is done with them.
 *
 *	for (size_t i = 0; i < count; i++)
 *		calls[i] = ORG_CALL_BEGIN(
 *			client, access_service, check, &requests[i], NULL, &responses[i]);
 *	for (size_t i = 0; i < count; i++)
 *		if (org_call_wait(calls[i], &status))
 *			warnx("%s", status.message);
 *
 * Of a changing call one that is begun later may take effect earlier: wait for the one before it
 * where the order matters.
 *
 * Each call lives from org_call_begin to org_call_wait or org_call_cancel, in one thread at a time.
 * Its deadline runs from its beginning. It leaves at once; but while answers lie there that nobody
 * has come for it may leave together with later ones, at the latest when someone waits. Whoever
 * waits for any call also takes in the others' answers, and sends again what has to be: answers
 * that nobody takes in for five seconds cost the connection.
 */
struct org_call;

/* Begins what org_call does, with the same arguments, which are not needed any more when it
 * returns; but *response is filled by org_call_wait, and stays untouched until then. What fails is
 * told by org_call_wait alone, which takes a NULL, for want of memory, too: *response is NULL
 * already then. Does not block. */
ORG_API struct org_call *org_call_begin(struct org_client *client,
	const ProtobufCServiceDescriptor *service, const char *method,
	const ProtobufCMessage *request, const struct org_call_options *options,
	ProtobufCMessage **response);

/* With the compiler's checks, as ORG_CALL:
 *
 *	call = ORG_CALL_BEGIN(client, member_service, get_member, &request, NULL, &response) */
#define ORG_CALL_BEGIN(client, service_name, method_name, request, options, response)              \
	__extension__({                                                                            \
		struct org_stub org_stub_;                                                         \
                                                                                                   \
		org_stub_init(&org_stub_, (client), &orgd__v1__##service_name##__descriptor,       \
			(options), NULL);                                                          \
		org_stub_.only_begins = true;                                                      \
		orgd__v1__##service_name##__##method_name(&org_stub_.service, (request),           \
			(void (*)(const __typeof__(**(response)) *, void *))org_stub_begin,        \
			(response));                                                               \
		org_stub_.call;                                                                    \
	})

/* Waits for the answer, and ends the call: *response and the result are org_call's. `status` may be
 * NULL. */
ORG_API enum org_code org_call_wait(struct org_call *call, struct org_status *status);

/* Waits until one of `count` calls on one client is over, and returns its place: org_call_wait does
 * not block on it then. The first of several. NULLs are passed over, and among them alone it
 * returns `count`. */
ORG_API size_t org_call_wait_any(struct org_call *const calls[], size_t count);

/* Ends the call without its answer, and leaves *response alone. It may have happened, or may still
 * happen. NULL is fine. */
ORG_API void org_call_cancel(struct org_call *call);

/* Frees a response, or any other message that was unpacked with the default allocator. NULL is
 * fine. */
ORG_API void org_message_free(void *message);

/* --- the generated functions --- */

/*
 * One service at the far end as protobuf-c sees it: hand &stub.service to
 * orgd__v1__member_service__get_member() and its kin. They return after the closure was called,
 * with the response (valid until it returns) or NULL, when `code` and *status say why.
 *
 * A stub lives where its caller likes and needs no clearing. One thread at a time.
 */
struct org_stub {
	ProtobufCService service; /* first */
	struct org_client *client;
	const struct org_call_options *options; /* borrowed, NULL for none */
	struct org_status *status;              /* borrowed, NULL for none */
	enum org_code code;                     /* of the latest call */
	struct org_call *call;                  /* the latest that was only begun */
	bool only_begins;                       /* see org_stub_begin */
};
ORG_API void org_stub_init(struct org_stub *stub, struct org_client *client,
	const ProtobufCServiceDescriptor *descriptor, const struct org_call_options *options,
	struct org_status *status);

/* In place of a closure, for any method of a stub whose `only_begins` the caller has set after
 * org_stub_init: the call is only begun, and is stub.call.
 * org_call_wait on it leaves the response in the message pointer that `response` points to. */
ORG_API void org_stub_begin(const ProtobufCMessage *message, void *response);

/* Every service of the contract, sorted by name; ends with NULL. */
ORG_API const ProtobufCServiceDescriptor *const *org_services(void);

#ifdef __cplusplus
}
#endif
