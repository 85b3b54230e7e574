/* SPDX-License-Identifier: Apache-2.0 */
/*~ orgd-courier takes mails and webhooks out of orgd's outbox and hands them to a mail server and
 * to whoever receives the webhooks. It decides nothing: it leases what is rendered and signed,
 * moves the bytes, and reports code and text. Its threads are in lane.h. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "base/log.h"
#include "courier/config.h"
#include "courier/https.h"
#include "courier/lane.h"
#include "courier/maildir.h"
#include "courier/smtp.h"

enum { TICK_S = 1 };

struct courier {
	struct courier_config config;
	struct lane_options mail, webhooks; /* no workers: it does not run */
	struct stop mail_stop, webhooks_stop;
	struct lane *lanes[2];
	unsigned lane_count;
};

static void die(struct status status, int code)
{
	log_error("%s (%s)", status.failure->message, status.failure->reason);
	exit(code);
}

/* --- how each lane sends --- */

/* orgd counted it as an attempt, so it has to be told. */
static void refuse_stray(struct attempt *attempt)
{
	*attempt = (struct attempt){ .outcome = ATTEMPT_UNREACHABLE,
		.text = "the courier was given what it had not asked for" };
}

static void send_over_smtp(void *sender, const queue_lease *lease, struct attempt *attempt)
{
	if (lease->webhook)
		refuse_stray(attempt);
	else
		smtp_send(sender, lease, attempt);
}

static void send_to_maildir(void *sender, const queue_lease *lease, struct attempt *attempt)
{
	if (lease->webhook)
		refuse_stray(attempt);
	else
		maildir_send(sender, lease, attempt);
}

static void send_over_https(void *sender, const queue_lease *lease, struct attempt *attempt)
{
	if (lease->webhook)
		https_send(sender, lease, attempt);
	else
		refuse_stray(attempt);
}

/* --- configure, open --- */

static void configure(struct courier *courier, int argc, const char **argv)
{
	struct courier_config *config = &courier->config;
	struct status status = courier_config_load(config, argc, argv);

	if (status.code)
		die(status, EX_CONFIG);
	switch (config->action) {
	case COURIER_CHECK:
		printf("%s: nothing is wrong with it\n", config->file);
		exit(EX_OK);
	case COURIER_PRINT:
		courier_config_print(config);
		exit(EX_OK);
	case COURIER_RUN:
		log_set_level(config->log_level);
	}
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

/* One worker: a mail server takes mails one after another, over one connection. */
MUST_USE static struct status open_mail(struct courier *courier)
{
	const struct courier_config *config = &courier->config;
	struct lane_options *mail = &courier->mail;
	struct smtp *smtp;

	if (!*config->maildir && !*config->smtp_url)
		return OK;
	TRY(queue_open(config->orgd, QUEUE_MAIL, &mail->queue));
	mail->stop = &courier->mail_stop;
	mail->workers = 1;
	if (*config->maildir) {
		mail->send = send_to_maildir;
		mail->senders[0] = (char *)(uintptr_t)config->maildir;
		return maildir_make(config->maildir);
	}
	mail->send = send_over_smtp;
	TRY(smtp_new(config, mail->stop, &smtp));
	mail->senders[0] = smtp;
	return OK;
}

MUST_USE static struct status open_webhooks(struct courier *courier)
{
	const struct courier_config *config = &courier->config;
	struct lane_options *webhooks = &courier->webhooks;
	struct https *https;

	if (!config->webhooks.workers)
		return OK;
	TRY(queue_open(config->orgd, QUEUE_WEBHOOK, &webhooks->queue));
	webhooks->stop = &courier->webhooks_stop;
	webhooks->send = send_over_https;
	for (; webhooks->workers < config->webhooks.workers; webhooks->workers++) {
		TRY(https_new(config, webhooks->stop, &https));
		webhooks->senders[webhooks->workers] = https;
	}
	return OK;
}

static void open_all(struct courier *courier)
{
	struct status status;

	/* curl turns hosts' names into ASCII by the locale. */
	setlocale(LC_CTYPE, "C.UTF-8");
	stop_init(&courier->mail_stop);
	stop_init(&courier->webhooks_stop);
	status = open_mail(courier);
	if (!status.code)
		status = open_webhooks(courier);
	if (status.code)
		die(status, status.code == STATUS_INVALID_ARGUMENT ? EX_CONFIG : EX_OSERR);
}

/* --- run --- */

static void start(struct courier *courier)
{
	const struct courier_config *config = &courier->config;

	if (courier->mail.workers)
		log_info("orgd-courier " ORGD_VERSION " takes mails from %s to %s", config->orgd,
			*config->maildir ? config->maildir : config->smtp_url);
	else
		log_warning("mails are left where they are: neither smtp { url } nor maildir is "
			    "set");
	if (courier->webhooks.workers)
		log_info("orgd-courier " ORGD_VERSION
			 " takes webhooks from %s to their receivers, %u at once",
			config->orgd, courier->webhooks.workers);
	if (courier->mail.workers)
		courier->lanes[courier->lane_count++] = lane_start(&courier->mail);
	if (courier->webhooks.workers)
		courier->lanes[courier->lane_count++] = lane_start(&courier->webhooks);
	sd_notify(0, "READY=1");
}

static bool lives(const struct courier *courier)
{
	for (unsigned i = 0; i < courier->lane_count; i++)
		if (!lane_lives(courier->lanes[i]))
			return false;
	return true;
}

static void wait_for_signal(const struct courier *courier, const sigset_t *signals)
{
	const struct timespec tick = { .tv_sec = TICK_S };

	do
		if (lives(courier))
			sd_notify(0, "WATCHDOG=1");
	while (sigtimedwait(signals, NULL, &tick) < 0);
}

static void stop(struct courier *courier)
{
	sd_notify(0, "STOPPING=1");
	log_info("stopping");
	stop_tell(&courier->mail_stop);
	stop_tell(&courier->webhooks_stop);
	for (unsigned i = 0; i < courier->lane_count; i++)
		lane_join(courier->lanes[i]);
	if (courier->mail.send == send_over_smtp)
		smtp_free(courier->mail.senders[0]);
	for (unsigned i = 0; i < courier->webhooks.workers; i++)
		https_free(courier->webhooks.senders[i]);
	queue_close(courier->mail.queue);
	queue_close(courier->webhooks.queue);
	stop_clear(&courier->mail_stop);
	stop_clear(&courier->webhooks_stop);
	log_info("stopped");
}

int main(int argc, const char **argv)
{
	static struct courier courier;
	sigset_t signals;

	umask(0077);
	configure(&courier, argc, argv);
	block_signals(&signals);
	open_all(&courier);
	start(&courier);
	wait_for_signal(&courier, &signals);
	stop(&courier);
	return EX_OK;
}
