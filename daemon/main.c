/* SPDX-License-Identifier: Apache-2.0 */
/*~ Welcome to orgd. This file is the life of the process, top to bottom: configure, open, serve,
 * notify, wait, drain, stop. A call's way through the program is in rpc/connection.c (bytes),
 * service/executor.c (threads), service/work.c (one call), service/member_service.c (a handler),
 * store/writer.c (the commit). */
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "activation.h"
#include "base/log.h"
#include "config.h"
#include "domain/mail.h"
#include "maintenance.h"
#include "rpc/envelope.h"
#include "rpc/server.h"
#include "secret/entropy.h"
#include "service/admin_export.h"
#include "service/checkpoint.h"
#include "service/executor.h"
#include "service/helper.h"
#include "service/last_use.h"
#include "service/throttle.h"
#include "service/waiting.h"

#ifdef ORGD_COVERAGE
void __gcov_dump(void);
#endif
#if defined(ORGD_SANITIZED) && defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

enum {
	DRAIN_MS = 30 * 1000,    /* for what was taken to be answered and sent */
	READERS_CHECK_TICKS = 60 /* every minute: slots of readers that died */
};

/* What runs. Static, since the loop's threads look at it until the process is gone. */
struct daemon {
	struct config config;
	struct activation activation;
	struct platform platform;
	struct store *store;
	struct executor *executor;
	struct server *server;
	struct checkpoint_log *checkpoints;
	uint64_t watchdog_us; /* 0: there is none */
	int64_t fed_us;
	uint8_t refusal[512];
	size_t refusal_size;
};

/* The loop's threads never end, so the process does without tearing anything down. What
 * instruments the build has its say first. */
static void process_exit(int code)
{
#ifdef ORGD_COVERAGE
	__gcov_dump();
#endif
#if defined(ORGD_SANITIZED) && defined(__SANITIZE_ADDRESS__)
	__lsan_do_leak_check();
#endif
	_exit(code);
}

static void die(struct status status, int code)
{
	log_error("%s (%s)", status.failure->message, status.failure->reason);
	process_exit(code);
}

/* --- configure --- */

static void configure(struct daemon *daemon, int argc, const char **argv)
{
	struct config *config = &daemon->config;
	struct mail_templates *templates = NULL;
	struct status status = config_load(config, argc, argv);

	if (!status.code && config->settings.mail)
		status = mail_templates_load(config->settings.template_directory, &templates);
	if (!status.code && config->clock.offset_file)
		status = clock_check(&config->clock);
	if (status.code)
		die(status, EX_CONFIG);
	daemon->platform.templates = templates;
	switch (config->action) {
	case CONFIG_CHECK:
		printf("%s: nothing is wrong with it\n", config->file);
		exit(EX_OK);
	case CONFIG_PRINT:
		config_print(config);
		exit(EX_OK);
	case CONFIG_RESTORE:
		exit(maintenance_restore(config));
	case CONFIG_CHECK_DATABASE:
		exit(maintenance_check(config->maintained));
	case CONFIG_BACKUP_DATABASE:
		exit(maintenance_backup(config->maintained));
	case CONFIG_RUN:
		log_set_level(config->log_level);
	}
	status = activation_take(config, &daemon->activation);
	if (status.code)
		die(status, EX_CONFIG);
}

/* --- open --- */

/* Acknowledged is durable: when the disk fails in a commit, nobody is answered and systemd starts
 * us again. */
static void on_disk_failure(void *context, struct status status)
{
	(void)context;
	die(status, EX_IOERR);
}

static void on_commit(void *context, uint64_t revision)
{
	struct daemon *daemon = context;

	if (daemon->executor)
		executor_committed(daemon->executor, revision);
}

static void count(void *context, uint64_t *connections, uint64_t *calls)
{
	const struct daemon *daemon = context;
	struct server_statistics statistics;

	server_statistics(daemon->server, &statistics);
	*connections = statistics.connections;
	*calls = statistics.requests;
}

static void open_all(struct daemon *daemon)
{
	const struct config *config = &daemon->config;
	static char directory[4096];
	struct keyring *keyring;
	struct status status;

	entropy_start();
	if (!*config->master_key_path)
		die(status_fail(STATUS_FAILED_PRECONDITION, "MASTER_KEY_MISSING",
			    "there is no master key: give it as the credential master.key, or name "
			    "a file "
			    "in master_key_file; \"head -c 32 /dev/urandom\" makes one"),
			EX_CONFIG);
	status = keyring_open(config->master_key_path, &keyring);
	if (status.code)
		die(status, EX_CONFIG);
	snprintf(directory, sizeof(directory), "%s/db", config->state_directory);
	status = store_open(&(struct store_options){ .directory = directory,
				    .map_bytes = config->map_bytes,
				    .disk_reserve_bytes = config->disk_reserve_bytes,
				    .clock = &config->clock,
				    .committed = on_commit,
				    .failed = on_disk_failure,
				    .context = daemon },
		&daemon->store);
	if (status.code)
		die(status, status.code == STATUS_DATA_LOSS ? EX_DATAERR : EX_CANTCREAT);
	daemon->platform = (struct platform){ .settings = &config->settings,
		.clock = &config->clock,
		.keyring = keyring,
		.store = daemon->store,
		.templates = daemon->platform.templates,
		.throttle = throttle_new(),
		.last_use = last_use_new(),
		.waiting = waiting_new(),
		.helpers = helpers_new(&daemon->platform, "/proc/self/exe"),
		.exports = exports_new(&daemon->platform),
		.start_us = clock_now_us(&config->clock),
		.server_statistics = count,
		.server = daemon };
	daemon->checkpoints = checkpoint_log_new(&daemon->platform);
}

/* --- serve --- */

static void on_request(void *context, struct exchange *exchange)
{
	struct daemon *daemon = context;

	executor_handle(daemon->executor, exchange);
}

static struct bytes on_refused(void *context)
{
	struct daemon *daemon = context;

	return bytes_of(daemon->refusal, daemon->refusal_size);
}

/* Packed once: what a peer over a connection cap is told needs no memory then. */
static void pack_refusal(struct daemon *daemon)
{
	struct reply reply = {
		.status = status_with_retry(
			status_fail(STATUS_RESOURCE_EXHAUSTED, "CONNECTION_LIMIT",
				"there are too many connections; close some or try again later"),
			1000),
		.epoch = store_epoch(daemon->store),
		.revision = store_revision(daemon->store),
		.call_id = "",
	};

	assert(envelope_size_max(&reply) <= sizeof(daemon->refusal));
	daemon->refusal_size = envelope_pack(&reply, daemon->refusal);
}

static void serve(struct daemon *daemon)
{
	const struct config *config = &daemon->config;
	struct status status;

	pack_refusal(daemon);
	status = executor_start(
		&(struct executor_options){ .platform = &daemon->platform }, &daemon->executor);
	if (status.code)
		die(status, EX_OSERR);
	status = server_start(
		&(struct server_options){ .ipc_path = *config->ipc_path ? config->ipc_path : NULL,
			.tcp_address = *config->tcp_address ? config->tcp_address : NULL,
			.tcp_anywhere = config->tcp_anywhere,
			.ipc_socket = daemon->activation.ipc,
			.tcp_socket = daemon->activation.tcp,
			.handle = on_request,
			.refusal = on_refused,
			.context = daemon },
		&daemon->server);
	if (status.code)
		die(status, EX_UNAVAILABLE);
}

/* --- notify --- */

static void notify(const struct daemon *daemon)
{
	const struct config *config = &daemon->config;
	char tcp[96] = "";

	if (server_tcp_port(daemon->server))
		snprintf(tcp, sizeof(tcp), " and tcp port %" PRIu16,
			server_tcp_port(daemon->server));
	log_info("orgd " ORGD_VERSION " serves epoch %" PRIu64 " from revision %" PRIu64 " at %s%s",
		store_epoch(daemon->store), store_revision(daemon->store), config->ipc_path, tcp);
	if (!config->settings.mail)
		log_warning("mail is not configured: invitations are made, but nothing is sent");
	if (config->clock.offset_file)
		log_warning("the clock is moved by the seconds in %s: for tests only",
			config->clock.offset_file);
	sd_notifyf(0, "READY=1\nSTATUS=Serving %s%s", config->ipc_path, tcp);
}

/* --- wait --- */

/* Memory that was needed once is needed again: by default the C library gives each large piece back
 * to the kernel, and asking anew costs more than a batch of checks. */
static void keep_memory(void)
{
	mallopt(M_TRIM_THRESHOLD, 256 * 1024 * 1024);
	mallopt(M_MMAP_THRESHOLD, 32 * 1024 * 1024);
}

/* Every other thread inherits the mask, so that signals come to the descriptor alone. */
static void block_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGHUP);
	sigprocmask(SIG_BLOCK, signals, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* What is looked after once a second. */
static void tick(struct daemon *daemon, unsigned ticks)
{
	int64_t now_us = clock_monotonic_us();

	checkpoint_log_tick(daemon->checkpoints);
	if (ticks % READERS_CHECK_TICKS == 0)
		store_check_readers(daemon->store);
	if (daemon->watchdog_us && now_us - daemon->fed_us >= (int64_t)daemon->watchdog_us / 4) {
		sd_notify(0, "WATCHDOG=1");
		daemon->fed_us = now_us;
	}
}

/* The one that came, 0 for none. */
static int take_signal(int signals)
{
	struct signalfd_siginfo info;

	return read(signals, &info, sizeof(info)) == sizeof(info) ? (int)info.ssi_signo : 0;
}

/* Sleeps until a signal, until the time of a call that waits is over, or for the rest of the
 * second. */
static void wait_for_signal(struct daemon *daemon, const sigset_t *signals)
{
	struct pollfd sources[] = {
		{ .fd = signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK), .events = POLLIN },
		{ .fd = waiting_timer(daemon->platform.waiting), .events = POLLIN },
	};
	int64_t tick_us = clock_monotonic_us();
	unsigned ticks = 0;
	int signal;

	if (sources[0].fd < 0)
		die(status_internal("signals cannot be waited for"), EX_OSERR);
	(void)sd_watchdog_enabled(0, &daemon->watchdog_us);
	for (;;) {
		(void)poll(sources, COUNT_OF(sources), clock_left_ms(tick_us));
		signal = take_signal(sources[0].fd);
		if (signal == SIGTERM || signal == SIGINT)
			break;
		if (signal == SIGHUP)
			log_info("SIGHUP is ignored: restart orgd to read its configuration again");
		executor_tick(daemon->executor);
		if (clock_monotonic_us() < tick_us)
			continue;
		tick(daemon, ++ticks);
		tick_us = clock_monotonic_us() + US_PER_SECOND;
	}
	log_info("%s: finishing what was taken", strsignal(signal));
}

/* --- drain, stop --- */

static void drain_and_stop(struct daemon *daemon)
{
	sd_notify(0, "STOPPING=1");
	executor_release(daemon->executor);
	helpers_stop(daemon->platform.helpers);
	if (!server_drain(daemon->server, DRAIN_MS)) {
		log_error("some replies could not be sent within %d s", DRAIN_MS / 1000);
		process_exit(EX_TEMPFAIL);
	}
	executor_stop(daemon->executor);
	exports_stop(daemon->platform.exports);
	checkpoint_log_end(daemon->checkpoints);
	store_close(daemon->store);
	log_info("stopped; nothing was left undone");
}

int main(int argc, const char **argv)
{
	static struct daemon daemon;
	sigset_t signals;

	umask(0077);
	keep_memory();
	configure(&daemon, argc, argv);
	block_signals(&signals);
	open_all(&daemon);
	serve(&daemon);
	notify(&daemon);
	wait_for_signal(&daemon, &signals);
	drain_and_stop(&daemon);
	process_exit(EX_OK);
}
