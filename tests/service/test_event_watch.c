/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "invitation_scene.h"
#include "orgd/rpc/v1/rpc.pb-c.h"

/* WatchEvents: the long poll, and what waits with it. */

typedef Orgd__V1__WatchEventsResponse Watched;

static const Watched *watch_now(struct story *s, const char *org, uint64_t from, int32_t max)
{
	return ASK(s, "operator", EventService, WatchEvents, watch_events, .organization_id = org,
		.from_revision = from, .max_events = max);
}

Test(event_service, watching_from_a_revision_gives_what_is_there)
{
	const Watched *watched;
	const char *org;
	struct story *s = acme_begin(&org);

	watched = watch_now(s, org, 1, 0);
	cr_assert_str_eq(watched->events[0]->action, "organization.created");
	cr_assert_gt(watched->next_revision, watched->events[watched->n_events - 1]->revision);
	story_end(s);
}

Test(event_service, watching_goes_on_where_it_ended_and_misses_and_repeats_nothing)
{
	const Orgd__V1__ListEventsResponse *all;
	const char *orgs[2];
	struct story *s = acme_begin(&orgs[0]);

	story_join(s, orgs[0], ANN, ROLE(MEMBER));
	story_join(s, orgs[0], BOB, ROLE(MEMBER));
	orgs[1] = "";
	for (int i = 0; i < 2; i++) {
		uint64_t from = 1;
		size_t n = 0;

		all = ASK(s, "operator", EventService, ListEvents, list_events,
			.organization_id = orgs[i], .page_size = 1000);
		while (n < all->n_events) {
			const Watched *watched = watch_now(s, orgs[i], from, 1);

			for (size_t k = 0; k < watched->n_events; k++, n++)
				cr_assert_str_eq(watched->events[k]->id, all->events[n]->id);
			from = watched->next_revision;
		}
		cr_assert_eq(n, all->n_events);
	}
	story_end(s);
}

Test(event_service, a_revision_that_a_restore_took_back_is_not_waited_for)
{
	const char *org;
	struct story *s = acme_begin(&org);
	uint64_t next = watch_now(s, org, 1, 0)->next_revision;

	REFUSED(s, "operator", STATUS_OUT_OF_RANGE, "REVISION_GONE", EventService, WatchEvents,
		watch_events, .organization_id = org, .from_revision = next + 1);
	story_end(s);
}

Test(event_service, watching_never_splits_a_batch)
{
	const Watched *watched;
	const char *org;
	struct story *s = acme_begin(&org);

	/* Creating an organization is one batch: it is made, and its Owner joins. */
	watched = watch_now(s, org, 1, 1);
	cr_assert_gt(watched->n_events, 1);
	for (size_t i = 0; i < watched->n_events; i++)
		cr_assert_eq(watched->events[i]->revision, watched->events[0]->revision);
	cr_assert_eq(watched->events[0]->index, 0);
	story_end(s);
}

Test(event_service, watching_refuses_what_listing_refuses)
{
	const char *org;
	struct story *s = acme_begin(&org);

	story_join(s, org, ANN, ROLE(MEMBER));
	REFUSED(s, ADA, STATUS_INVALID_ARGUMENT, "MAX_EVENTS", EventService, WatchEvents,
		watch_events, .organization_id = org, .max_events = -1);
	REFUSED(s, ANN, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", EventService, WatchEvents,
		watch_events, .organization_id = org);
	REFUSED(s, ADA, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", EventService, WatchEvents,
		watch_events);
	story_end(s);
}

/* A read on a thread of its own. */
struct watcher {
	pthread_t thread;
	struct story *s;
	const char *method;
	const ProtobufCMessage *request;
	Orgd__Rpc__V1__Request envelope;
	struct outcome outcome;
	_Atomic bool done;
};

static void *watch(void *argument)
{
	struct watcher *watcher = argument;

	watcher->outcome = story_try_envelope(
		watcher->s, watcher->method, watcher->request, &watcher->envelope);
	watcher->done = true;
	return NULL;
}

static void watcher_start(struct watcher *watcher, struct story *s, const char *method,
	const ProtobufCMessage *request, uint32_t timeout_ms)
{
	*watcher = (struct watcher){ .s = s, .method = method, .request = request };
	orgd__rpc__v1__request__init(&watcher->envelope);
	watcher->envelope.authorization = "Peer";
	watcher->envelope.timeout_ms = timeout_ms;
	cr_assert_eq(pthread_create(&watcher->thread, NULL, watch, watcher), 0);
}

/* Commits something until the watcher has its answer. */
static void commit_until_done(struct story *s, const char *org, struct watcher *watcher)
{
	char email[64];

	for (int i = 0; !watcher->done; i++) {
		snprintf(email, sizeof(email), "p%d@example.com", i);
		(void)scene_try_invite(s, ADA, org, email, ROLE(MEMBER));
	}
	pthread_join(watcher->thread, NULL);
}

static void tick_until_done(struct story *s, struct watcher *watcher)
{
	while (!watcher->done) {
		story_tick(s);
		sched_yield();
	}
	pthread_join(watcher->thread, NULL);
}

Test(event_service, watching_from_now_on_waits_for_the_next_event)
{
	const char *org;
	struct story *s = acme_begin(&org);
	uint64_t before = story_try(
		s, "operator", "AdminService/GetStatus", STORY_REQUEST(GetStatus, get_status))
				  .revision;
	struct watcher watcher;
	const Watched *watched;

	watcher_start(&watcher, s, "EventService/WatchEvents",
		STORY_REQUEST(WatchEvents, watch_events, .organization_id = org,
			.action_prefix = "invitation.created"),
		60000);
	commit_until_done(s, org, &watcher);
	scene_expect_ok(watcher.outcome);
	watched = (const Watched *)watcher.outcome.response;
	cr_assert_geq(watched->n_events, 1);
	for (size_t i = 0; i < watched->n_events; i++) {
		cr_assert_str_eq(watched->events[i]->action, "invitation.created");
		cr_assert_gt(watched->events[i]->revision, before);
		cr_assert_lt(watched->events[i]->revision, watched->next_revision);
	}
	story_end(s);
}

Test(event_service, watching_in_vain_ends_with_the_calls_time_and_says_where_to_go_on)
{
	const char *org;
	struct story *s = acme_begin(&org);
	struct watcher watcher;
	const Watched *watched;

	watcher_start(&watcher, s, "EventService/WatchEvents",
		STORY_REQUEST(WatchEvents, watch_events, .organization_id = org, .from_revision = 1,
			.action_prefix = "nothing."),
		1);
	tick_until_done(s, &watcher);
	scene_expect_ok(watcher.outcome);
	watched = (const Watched *)watcher.outcome.response;
	cr_assert_eq(watched->n_events, 0);
	cr_assert_eq(watched->next_revision, watcher.outcome.revision + 1);
	story_end(s);
}

Test(event_service, watching_an_empty_store_waits_like_any_other)
{
	struct story *s = story_begin();
	struct watcher watcher;
	const Watched *watched;

	watcher_start(&watcher, s, "EventService/WatchEvents",
		STORY_REQUEST(WatchEvents, watch_events), 1);
	tick_until_done(s, &watcher);
	scene_expect_ok(watcher.outcome);
	watched = (const Watched *)watcher.outcome.response;
	cr_assert_eq(watched->next_revision, 1);
	story_end(s);
}

Test(event_service, four_calls_wait_on_a_connection_and_the_fifth_is_refused)
{
	enum { WATCHERS = 5 };
	const ProtobufCMessage *request = STORY_REQUEST(WatchEvents, watch_events);
	struct watcher watchers[WATCHERS];
	struct story *s = story_begin();
	int refused = 0;

	for (int i = 0; i < WATCHERS; i++)
		watcher_start(&watchers[i], s, "EventService/WatchEvents", request, 60000);
	while (!refused)
		for (int i = 0; i < WATCHERS; i++)
			refused += watchers[i].done;
	story_release(s);
	refused = 0;
	for (int i = 0; i < WATCHERS; i++) {
		pthread_join(watchers[i].thread, NULL);
		if (!watchers[i].outcome.code)
			continue;
		refused++;
		scene_expect_refusal(watchers[i].outcome, STATUS_RESOURCE_EXHAUSTED, "WATCH_LIMIT");
	}
	cr_assert_eq(refused, 1);
	story_end(s);
}

Test(engine, a_drain_answers_what_waits_and_lets_nothing_wait_any_more)
{
	struct story *s = story_begin();
	struct watcher watcher;

	watcher_start(&watcher, s, "EventService/WatchEvents",
		STORY_REQUEST(WatchEvents, watch_events), 60000);
	story_release(s);
	pthread_join(watcher.thread, NULL);
	scene_expect_ok(watcher.outcome);
	(void)watch_now(s, "", 0, 0);
	story_end(s);
}

Test(rules, rule_35_a_read_waits_for_the_revision_that_it_asks_for)
{
	const char *org;
	struct story *s = acme_begin(&org);
	struct outcome now = story_try(
		s, "operator", "AdminService/GetStatus", STORY_REQUEST(GetStatus, get_status));
	struct watcher watcher = { .s = s, .method = "AdminService/GetStatus" };

	watcher.request = STORY_REQUEST(GetStatus, get_status);
	orgd__rpc__v1__request__init(&watcher.envelope);
	watcher.envelope.authorization = "Peer";
	watcher.envelope.timeout_ms = 60000;
	watcher.envelope.min_epoch = now.epoch;
	watcher.envelope.min_revision = now.revision + 3;
	cr_assert_eq(pthread_create(&watcher.thread, NULL, watch, &watcher), 0);
	commit_until_done(s, org, &watcher);
	scene_expect_ok(watcher.outcome);
	cr_assert_geq(watcher.outcome.revision, now.revision + 3);
	story_end(s);
}

static struct outcome status_at(struct story *s, uint64_t min_epoch, uint64_t min_revision)
{
	struct watcher watcher = { .s = s, .method = "AdminService/GetStatus" };

	watcher.request = STORY_REQUEST(GetStatus, get_status);
	orgd__rpc__v1__request__init(&watcher.envelope);
	watcher.envelope.authorization = "Peer";
	watcher.envelope.timeout_ms = 1;
	watcher.envelope.min_epoch = min_epoch;
	watcher.envelope.min_revision = min_revision;
	cr_assert_eq(pthread_create(&watcher.thread, NULL, watch, &watcher), 0);
	tick_until_done(s, &watcher);
	return watcher.outcome;
}

Test(rules, rule_35_an_older_epoch_is_satisfied_a_newer_one_or_a_revision_not_reached_is_not)
{
	const char *org;
	struct story *s = acme_begin(&org);
	struct outcome now = status_at(s, 0, 0);

	scene_expect_ok(status_at(s, now.epoch, now.revision));
	scene_expect_ok(status_at(s, now.epoch - 1, now.revision + 1000));
	scene_expect_refusal(
		status_at(s, now.epoch + 1, 1), STATUS_UNAVAILABLE, "REVISION_NOT_REACHED");
	scene_expect_refusal(status_at(s, now.epoch, now.revision + 1000), STATUS_UNAVAILABLE,
		"REVISION_NOT_REACHED");
	story_end(s);
}
