/* SPDX-License-Identifier: Apache-2.0 */
/*~ orgd-courier takes mails out of orgd's outbox and hands them to a mail server. It decides
 * nothing: it leases a rendered mail, moves the bytes, and reports code and text. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "courier/config.h"
#include "courier/maildir.h"
#include "courier/queue.h"
#include "courier/smtp.h"

enum {
	STOP_ATTEMPT_MS =
		20 * 1000, /* that the attempt in hand may still take once we are told to stop */
	STOP_REPORT_MS = 5 * 1000, /* and the report on it */
	REPORT_AGAIN_MS = 500,
};

struct courier {
	struct courier_config config;
	struct queue *queue;
	struct smtp *smtp; /* NULL: mails are written to the Maildir */
	sigset_t signals;
	int64_t stop_us; /* when we were told to stop, clock_monotonic_us(); 0 before */
};

static void die(struct status status, int code)
{
	log_error("%s (%s)", status.failure->message, status.failure->reason);
	exit(code);
}

static bool is_stopping(const struct courier *courier)
{
	return courier->stop_us != 0;
}

/* Waits for so long, or until a signal tells us to stop if none has yet. */
static void wait_ms(struct courier *courier, int64_t ms)
{
	const struct timespec timeout = { ms / 1000, ms % 1000 * 1000 * 1000 };

	sd_notify(0, "WATCHDOG=1");
	if (is_stopping(courier)) {
		nanosleep(&timeout, NULL);
		return;
	}
	if (sigtimedwait(&courier->signals, NULL, &timeout) < 0)
		return;
	courier->stop_us = clock_monotonic_us();
	sd_notify(0, "STOPPING=1");
	log_info("stopping");
}

/* Is there time left for what began at `begun_us`, and may take `ms` more once we are to stop? */
static bool has_time(const struct courier *courier, int64_t begun_us, int64_t ms)
{
	int64_t from_us = courier->stop_us > begun_us ? courier->stop_us : begun_us;

	return !is_stopping(courier) || clock_monotonic_us() < from_us + ms * US_PER_MS;
}

/* For smtp.h: an attempt in hand when we are told to stop is finished if it does not take long. */
static bool goes_on(void *context)
{
	struct courier *courier = context;

	wait_ms(courier, 0);
	return has_time(courier, 0, STOP_ATTEMPT_MS);
}

/* Never names a person: what a server says often does. */
static void log_attempt(const char *id, const struct attempt *attempt)
{
	switch (attempt->outcome) {
	case ATTEMPT_ACCEPTED:
		log_info("%s: accepted", id);
		break;
	case ATTEMPT_REFUSED:
		log_warning("%s: refused with %u", id, attempt->smtp_code);
		break;
	case ATTEMPT_UNREACHABLE:
		log_warning("%s: not handed over: %s", id, attempt->text);
		break;
	}
}

/* A success that is not reported is a mail sent twice: an orgd that is away is waited for. */
static void report(struct courier *courier, const queue_lease *lease, const struct attempt *attempt)
{
	int64_t begun_us = clock_monotonic_us();
	char request_id[ORG_REQUEST_ID_BYTES];

	org_request_id_make(request_id);
	while (!queue_report(courier->queue, lease, attempt, request_id)) {
		wait_ms(courier, REPORT_AGAIN_MS);
		if (!has_time(courier, begun_us, STOP_REPORT_MS)) {
			log_warning("%s: orgd could not be told", lease->delivery_id);
			return;
		}
	}
}

static void deliver(struct courier *courier, const queue_lease *lease)
{
	struct attempt attempt;

	if (courier->smtp)
		smtp_send(courier->smtp, lease, &attempt);
	else
		maildir_send(courier->config.maildir, lease, &attempt);
	log_attempt(lease->delivery_id, &attempt);
	report(courier, lease, &attempt);
}

static void run(struct courier *courier)
{
	const queue_lease *lease;
	int64_t pause_ms;

	while (!is_stopping(courier)) {
		queue_take(courier->queue, &lease, &pause_ms);
		if (lease) {
			deliver(courier, lease);
			pause_ms = 0;
		}
		wait_ms(courier, pause_ms);
	}
}

static void configure(struct courier *courier, int argc, const char **argv)
{
	struct status status = courier_config_load(&courier->config, argc, argv);

	if (status.code)
		die(status, EX_CONFIG);
	if (courier->config.check_only) {
		printf("%s: nothing is wrong with it\n", courier->config.file);
		exit(EX_OK);
	}
	log_set_level(courier->config.log_level);
}

/* Every other thread inherits the mask, so that signals come to sigtimedwait alone. */
static void block_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGINT);
	sigprocmask(SIG_BLOCK, signals, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void open_all(struct courier *courier)
{
	const struct courier_config *config = &courier->config;
	struct status status = queue_open(config->orgd, &courier->queue);

	if (!status.code && *config->maildir)
		status = maildir_make(config->maildir);
	if (!status.code && !*config->maildir)
		status = smtp_new(config, goes_on, courier, &courier->smtp);
	if (status.code)
		die(status, status.code == STATUS_INVALID_ARGUMENT ? EX_CONFIG : EX_OSERR);
}

int main(int argc, const char **argv)
{
	static struct courier courier;

	umask(0077);
	configure(&courier, argc, argv);
	block_signals(&courier.signals);
	open_all(&courier);
	log_info("orgd-courier " ORGD_VERSION " takes mails from %s to %s", courier.config.orgd,
		courier.smtp ? courier.config.smtp_url : courier.config.maildir);
	sd_notify(0, "READY=1");
	run(&courier);
	smtp_free(courier.smtp);
	queue_close(courier.queue);
	log_info("stopped");
	return EX_OK;
}
