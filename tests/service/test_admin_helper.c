/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "invitation_scene.h"
#include "secret/keyring.h"
#include "store/events.h"
#include "store/rows/user.h"

/* Backup and CheckIntegrity, through orgd's own processes. */

static const char *backups_of(struct story *s, const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/../backup/%s", store_path(story_store(s)), name);
	return path;
}

static const Orgd__V1__Backup *back_up(struct story *s)
{
	const Orgd__V1__BackupResponse *response = ASK(s, "operator", AdminService, Backup, backup);

	cr_assert_not(response->running);
	cr_assert_not_null(response->backup);
	return response->backup;
}

static const Orgd__V1__IntegrityReport *check(struct story *s)
{
	const Orgd__V1__CheckIntegrityResponse *response =
		ASK(s, "operator", AdminService, CheckIntegrity, check_integrity);

	cr_assert_not(response->running);
	cr_assert_not_null(response->report);
	return response->report;
}

Test(admin_helper, a_backup_is_a_database_of_one_revision)
{
	const char *org;
	struct story *s = acme_begin(&org);
	uint64_t before = store_revision(story_store(s));
	const Orgd__V1__Backup *backup = back_up(s);
	struct store *copy;

	cr_assert_eq(backup->epoch, store_epoch(story_store(s)));
	cr_assert_eq(backup->revision, before);
	cr_assert_gt(backup->file_bytes, 0);
	cr_assert_not_null(backup->end_time);
	cr_assert_eq(strncmp(backup->file_name, "orgd-", 5), 0, "%s", backup->file_name);
	cr_assert_eq(store_open_to_read(backups_of(s, backup->file_name), &copy).code, STATUS_OK);
	cr_assert_eq(store_revision(copy), before);
	store_close(copy);
	story_end(s);
}

Test(admin_helper, a_backup_is_told_in_the_status_and_in_an_event)
{
	const Orgd__V1__GetStatusResponse *status;
	const Orgd__V1__ListEventsResponse *events;
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Backup *backup;

	cr_assert_null(ASK(s, "operator", AdminService, GetStatus, get_status)->backup);
	backup = back_up(s);
	status = ASK(s, "operator", AdminService, GetStatus, get_status);
	cr_assert_not_null(status->backup);
	cr_assert_not(status->backup->running);
	cr_assert(status->backup->succeeded);
	cr_assert_str_eq(status->backup->outcome, backup->file_name);
	cr_assert_null(status->check);
	events = ASK(
		s, "operator", EventService, ListEvents, list_events, .action_prefix = "server.");
	cr_assert_eq(events->n_events, 1);
	cr_assert_str_eq(events->events[0]->action, "server.backed_up");
	cr_assert_str_eq(events->events[0]->actor->kind, "operator");
	cr_assert_str_eq(events->events[0]->details[0]->value, backup->file_name);
	story_end(s);
}

Test(admin_helper, the_same_request_id_makes_no_second_backup)
{
	const char *org, *name;
	struct story *s = acme_begin(&org);
	struct outcome first, again;

	first = story_try_as(s, "operator", "AdminService/Backup", STORY_REQUEST(Backup, backup),
		"the-one-backup-0001");
	scene_expect_ok(first);
	name = ((const Orgd__V1__BackupResponse *)first.response)->backup->file_name;
	again = story_try_as(s, "operator", "AdminService/Backup", STORY_REQUEST(Backup, backup),
		"the-one-backup-0001");
	scene_expect_ok(again);
	cr_assert_str_eq(
		((const Orgd__V1__BackupResponse *)again.response)->backup->file_name, name);
	cr_assert_str_neq(back_up(s)->file_name, name, "another id, another backup");
	story_end(s);
}

Test(admin_helper, a_check_finds_nothing_wrong_with_a_database_in_use)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__IntegrityReport *report;

	scene_invite(s, ADA, org, ANN, ROLE(MEMBER));
	report = check(s);
	cr_assert_eq(report->finding_count, 0);
	cr_assert_eq(report->n_findings, 0);
	cr_assert_gt(report->rows, 20);
	cr_assert_gt(report->tables, 10);
	cr_assert_str_eq(ASK(s, "operator", AdminService, GetStatus, get_status)->check->outcome,
		"no findings");
	story_end(s);
}

Test(admin_helper, a_check_tells_what_is_wrong)
{
	const Orgd__V1__IntegrityReport *report;
	const char *org;
	struct story *s = acme_begin(&org);
	struct key key;
	struct id id;

	cr_assert_eq(id_parse(ID_USER, "id", story_id(s, ADA), &id).code, STATUS_OK);
	user_prefix(&key);
	key_add_id(&key, &id);
	scene_tamper(s, &key, "\xFF");
	report = check(s);
	cr_assert_gt(report->finding_count, 0);
	cr_assert_eq(report->n_findings, report->finding_count);
	for (size_t i = 0; i < report->n_findings; i++)
		if (!strcmp(report->findings[i]->table, "USER") && *report->findings[i]->key &&
			strstr(report->findings[i]->sentence, "is no orgd.store.v1.User")) {
			story_end(s);
			return;
		}
	cr_assert_fail("the row of Ada is not among the findings");
}

Test(admin_helper, a_check_tells_the_first_hundred_findings_and_counts_all)
{
	const Orgd__V1__IntegrityReport *report;
	const char *org;
	struct story *s = acme_begin(&org);

	for (unsigned i = 0; i < 120; i++) {
		struct key key;

		key_begin(&key, TABLE_USER_BY_TIME);
		key_add_u64(&key, i);
		key_add_id(&key, &(struct id){ { 1 } });
		scene_tamper(s, &key, "");
	}
	report = check(s);
	cr_assert_eq(report->finding_count, 120);
	cr_assert_eq(report->n_findings, 100);
	story_end(s);
}

Test(admin_helper, is_for_platform_administrators)
{
	const char *org;
	struct story *s = acme_begin(&org);

	REFUSED(s, ADA, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", AdminService, Backup,
		backup);
	REFUSED(s, ADA, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", AdminService, CheckIntegrity,
		check_integrity);
	REFUSED(s, ADA, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", EventService, GetCheckpoint,
		get_checkpoint);
	story_end(s);
}

/* --- processes that do otherwise --- */

/* Everything with a shell script in the place of orgd's own processes. */
static struct story *story_with_script(const char *script)
{
	static char path[64];
	int file;

	strcpy(path, "/tmp/orgd-helper-XXXXXX");
	file = mkstemp(path);
	cr_assert_geq(file, 0);
	dprintf(file, "#!/bin/sh\n%s\n", script);
	fchmod(file, 0700);
	close(file);
	setenv("ORGD_STORY_PROGRAM", path, 1);
	return story_begin();
}

static void story_with_script_end(struct story *s)
{
	story_end(s);
	unlink(getenv("ORGD_STORY_PROGRAM"));
}

/* Goes on when there is a file "go" beside the database. */
static const char waits[] =
	"while [ ! -e \"$2/../go\" ]; do sleep 0.01; done; printf 'checked\\t7\\t3\\t0\\n'";

static void let_go(struct story *s)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/../go", store_path(story_store(s)));
	file = fopen(path, "w");
	cr_assert(file);
	fclose(file);
}

static struct outcome try_check(struct story *s, const char *request_id)
{
	return story_try_as(s, "operator", "AdminService/CheckIntegrity",
		STORY_REQUEST(CheckIntegrity, check_integrity), request_id);
}

static const Orgd__V1__CheckIntegrityResponse *checked(struct outcome outcome)
{
	scene_expect_ok(outcome);
	return (const Orgd__V1__CheckIntegrityResponse *)outcome.response;
}

Test(admin_helper, long_work_outlives_the_deadline_and_answers_the_same_request_id)
{
	const Orgd__V1__CheckIntegrityResponse *response;
	struct story *s = story_with_script(waits);
	struct outcome other;

	story_release(s); /* no call waits any more */
	cr_assert(checked(try_check(s, "a-check-of-mine-0001"))->running);
	cr_assert(ASK(s, "operator", AdminService, GetStatus, get_status)->check->running);
	cr_assert(checked(try_check(s, "a-check-of-mine-0001"))->running);
	other = try_check(s, "somebody-elses-check");
	scene_expect_refusal(other, STATUS_ABORTED, "CHECK_RUNNING");
	let_go(s);
	do
		response = checked(try_check(s, "a-check-of-mine-0001"));
	while (response->running);
	cr_assert_eq(response->report->rows, 7);
	story_with_script_end(s);
}

static struct outcome try_backup(struct story *s, const char *request_id)
{
	return story_try_as(
		s, "operator", "AdminService/Backup", STORY_REQUEST(Backup, backup), request_id);
}

/* What a copy under way takes of the disk is not counted against it, nor taken away. */
Test(admin_helper, a_repeat_of_a_backup_under_way_asks_for_no_room)
{
	struct story *s = story_with_script(waits);
	const char *half;
	FILE *file;

	story_release(s); /* no call waits any more */
	scene_expect_ok(try_backup(s, "a-backup-of-mine-0001"));
	cr_assert_eq(mkdir(backups_of(s, ""), 0700), 0);
	half = backups_of(s, "unfinished");
	file = fopen(half, "w");
	cr_assert(file);
	fclose(file);
	scene_expect_ok(try_backup(s, "a-backup-of-mine-0001"));
	cr_assert_eq(access(half, F_OK), 0);
	story_with_script_end(s);
}

Test(admin_helper, rule_34_what_was_refused_is_decided_anew_under_the_same_request_id)
{
	struct story *s = story_with_script(
		"if [ -e \"$2/../go\" ]; then printf 'backup\\tname\\t1\\t2\\t3\\n'; else "
		"printf 'failed\\t8\\tSTORAGE_FULL\\tthe disk is full\\n'; fi");

	scene_expect_refusal(
		try_backup(s, "a-backup-of-mine-0001"), STATUS_RESOURCE_EXHAUSTED, "STORAGE_FULL");
	let_go(s);
	scene_expect_ok(try_backup(s, "a-backup-of-mine-0001"));
	story_with_script_end(s);
}

Test(admin_helper, rule_34_a_damaged_page_is_an_answer_that_a_repeat_gets_again)
{
	struct story *s = story_with_script(
		"if [ -e \"$2/../go\" ]; then printf 'checked\\t7\\t3\\t0\\n'; else "
		"ulimit -c 0; kill -SEGV $$; fi");

	cr_assert_eq(checked(try_check(s, "a-check-of-mine-0001"))->report->finding_count, 1);
	let_go(s);
	cr_assert_eq(checked(try_check(s, "a-check-of-mine-0001"))->report->finding_count, 1);
	cr_assert_eq(checked(try_check(s, "a-check-of-mine-0002"))->report->finding_count, 0);
	story_with_script_end(s);
}

Test(admin_helper, a_daemon_that_stops_does_not_wait_for_long_work)
{
	struct story *s = story_with_script("exec sleep 1000");

	story_release(s);
	cr_assert(checked(try_check(s, "a-check-of-mine-0001"))->running);
	story_with_script_end(s);
}

Test(admin_helper, a_process_that_a_damaged_page_ends_is_a_finding)
{
	struct story *s =
		story_with_script("printf 'table\\tGRANT\\n'; ulimit -c 0; kill -SEGV $$");
	const Orgd__V1__IntegrityReport *report = check(s);
	struct outcome outcome;

	cr_assert_eq(report->finding_count, 1);
	cr_assert_str_eq(report->findings[0]->table, "GRANT");
	cr_assert(strstr(report->findings[0]->sentence, "is damaged"), "%s",
		report->findings[0]->sentence);
	outcome = story_try(s, "operator", "AdminService/Backup", STORY_REQUEST(Backup, backup));
	scene_expect_refusal(outcome, STATUS_DATA_LOSS, "STORE_CORRUPT");
	story_with_script_end(s);
}

Test(admin_helper, a_process_that_is_killed_is_unavailable)
{
	struct story *s = story_with_script("kill -KILL $$");

	REFUSED(s, "operator", STATUS_UNAVAILABLE, "HELPER_FAILED", AdminService, Backup, backup);
	REFUSED(s, "operator", STATUS_UNAVAILABLE, "HELPER_FAILED", AdminService, CheckIntegrity,
		check_integrity);
	story_with_script_end(s);
}

Test(admin_helper, what_a_process_fails_with_is_told_and_in_the_status)
{
	const Orgd__V1__HelperStatus *status;
	struct story *s = story_with_script(
		"printf 'failed\\t8\\tSTORAGE_FULL\\tthe disk is full\\n'; exit 1");

	REFUSED(s, "operator", STATUS_RESOURCE_EXHAUSTED, "STORAGE_FULL", AdminService, Backup,
		backup);
	status = ASK(s, "operator", AdminService, GetStatus, get_status)->backup;
	cr_assert_not(status->succeeded);
	cr_assert_str_eq(status->outcome, "the disk is full");
	cr_assert_eq(ASK(s, "operator", EventService, ListEvents, list_events,
			     .action_prefix = "server.backup_failed")
			     ->n_events,
		1);
	story_with_script_end(s);
}

Test(admin_helper, a_program_that_is_gone_is_unavailable)
{
	struct story *s;

	setenv("ORGD_STORY_PROGRAM", "/nowhere/orgd", 1);
	s = story_begin();
	REFUSED(s, "operator", STATUS_UNAVAILABLE, "HELPER_FAILED", AdminService, Backup, backup);
	story_end(s);
}

/* --- checkpoints --- */

static const Orgd__V1__Checkpoint *checkpoint(struct story *s)
{
	return ASK(s, "operator", EventService, GetCheckpoint, get_checkpoint)->checkpoint;
}

static bool is_signed(const Orgd__V1__Checkpoint *c)
{
	char statement[256], head[2 * LINK_BYTES + 1];
	struct signature signature;

	for (size_t i = 0; i < LINK_BYTES; i++)
		snprintf(head + 2 * i, 3, "%02x", c->head_hash.data[i]);
	snprintf(statement, sizeof(statement), "orgd checkpoint 1\n%llu\n%llu\n%s\n%lld\n",
		(unsigned long long)c->epoch, (unsigned long long)c->revision, head,
		(long long)(c->time->seconds * US_PER_SECOND + c->time->nanos / 1000));
	memcpy(signature.bytes, c->signature.data, SIGNATURE_BYTES);
	memcpy(signature.public_key, c->public_key.data, PUBLIC_KEY_BYTES);
	return signature_verify(&signature, bytes_of_string(statement));
}

Test(checkpoint, is_the_newest_link_signed)
{
	const Orgd__V1__VerifyEventsResponse *verified;
	const Orgd__V1__Checkpoint *first, *second;
	const char *org;
	struct story *s = acme_begin(&org);

	first = checkpoint(s);
	cr_assert(is_signed(first));
	cr_assert_eq(first->epoch, store_epoch(story_store(s)));
	cr_assert_eq(first->revision, store_revision(story_store(s)));
	scene_invite(s, ADA, org, ANN, ROLE(MEMBER));
	second = checkpoint(s);
	cr_assert(is_signed(second));
	cr_assert_gt(second->revision, first->revision);
	cr_assert_neq(memcmp(second->head_hash.data, first->head_hash.data, LINK_BYTES), 0);
	cr_assert_eq(memcmp(second->public_key.data, first->public_key.data, PUBLIC_KEY_BYTES), 0);
	/* The older one can be found again. */
	verified = ASK(s, "operator", EventService, VerifyEvents, verify_events,
		.to_revision = first->revision);
	cr_assert_eq(memcmp(verified->head_hash.data, first->head_hash.data, LINK_BYTES), 0);
	cr_assert_eq(verified->next_revision, 0);
	first->head_hash.data[0] ^= 1;
	cr_assert_not(is_signed(first));
	story_end(s);
}

Test(checkpoint, of_a_state_that_is_not_there_is_refused)
{
	const char *org;
	struct story *s = acme_begin(&org);

	REFUSED(s, "operator", STATUS_FAILED_PRECONDITION, "REVISION_UNKNOWN", EventService,
		VerifyEvents, verify_events, .to_revision = store_revision(story_store(s)) + 1);
	story_end(s);
}
