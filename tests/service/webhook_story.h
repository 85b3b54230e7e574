/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "service/delivery_story.h"

/* What the tests of webhooks share: delivery_story's organization, and a webhook of it. */

#define HOOK_URL     "https://hooks.example.com/services/secret-path"
#define HOOKED(name) ORGD__V1__WEBHOOK_STATE__WEBHOOK_STATE_##name

/* Made by Ada, for all events; the one with a filter is for those that begin so. */
const Orgd__V1__CreateWebhookResponse *hook_made(void);
const Orgd__V1__CreateWebhookResponse *hook_made_for(char *action_prefix);
struct outcome hook_try_create(const char *who, const Orgd__V1__Webhook *webhook);
/* As the operator sees it. */
const Orgd__V1__Webhook *hook_seen(const char *id);
void hook_set_state(const char *id, Orgd__V1__WebhookState state);
const Orgd__V1__ListAttemptsResponse *hook_attempts(const char *id);

/* Something happens in the organization: "organization.updated". */
void happen(void);
/* The text of the newest event with that action. */
const char *newest(const char *action);

/* The next request that is due, NULL when none is; and one that must be due. */
const lease_of *hook_lease(void);
const lease_of *hook_must_lease(void);
/* The receiver answers with that status; 0 when it cannot be reached. */
struct outcome hook_try_report(const lease_of *leased, uint32_t http_status);
void hook_report(const lease_of *leased, uint32_t http_status);
/* Takes whatever is due, and says of what it was: "organization.updated member.joined". */
const char *hook_drain(void);

/* What the request is about, and its body. */
const char *request_body(const lease_of *leased);
bool request_holds(const lease_of *leased, const char *text);
/* Does the n-th signature fit this secret, "whsec_…"? */
bool request_is_signed(const lease_of *leased, unsigned n, const char *secret);
