/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <popt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/text.h"
#include "conf/conf.h"

#define MIB (UINT64_C(1024) * 1024)
#define GIB (1024 * MIB)

/* --- the file --- */

static cfg_opt_t listen_options[] = {
	CFG_STR("ipc", "/run/orgd/orgd.sock", CFGF_NONE),
	CFG_STR("tcp", "", CFGF_NONE),
	CFG_BOOL("tcp_anywhere", cfg_false, CFGF_NONE),
	CFG_END(),
};

static cfg_opt_t platform_options[] = {
	CFG_STR("name", "Developer Portal", CFGF_NONE),
	CFG_STR("support_contact", "developer@example.com", CFGF_NONE),
	CFG_STR("portal_url", "", CFGF_NONE),
	CFG_STR_LIST("operators", "{}", CFGF_NONE),
	CFG_STR("courier", "", CFGF_NONE),
	CFG_END(),
};

static cfg_opt_t mail_options[] = {
	CFG_STR("sender", "", CFGF_NONE),
	CFG_STR("from_name", "", CFGF_NONE),
	CFG_STR("join_url", "", CFGF_NONE),
	CFG_STR("verify_url", "", CFGF_NONE),
	CFG_STR("reset_url", "", CFGF_NONE),
	CFG_STR("template_directory", ORGD_TEMPLATE_DIRECTORY, CFGF_NONE),
	CFG_END(),
};

static cfg_opt_t verification_options[] = {
	CFG_BOOL("reverify_on_change", cfg_true, CFGF_NONE),
	CFG_INT("reverify_grace_days", 14, CFGF_NONE),
	CFG_END(),
};

static cfg_opt_t limit_options[] = {
	CFG_INT("invitation_expiry_hours", 7 * 24, CFGF_NONE),
	CFG_INT("invitations_per_organization_per_day", 200, CFGF_NONE),
	CFG_INT("invitations_per_recipient_per_day", 5, CFGF_NONE),
	CFG_INT("account_mails_per_address_per_day", 10, CFGF_NONE),
	CFG_INT("sign_in_failures_per_account", 10, CFGF_NONE),
	CFG_INT("sign_in_failures_per_peer", 100, CFGF_NONE),
	CFG_INT("crypto_threads", 0, CFGF_NONE),
	CFG_END(),
};

static cfg_opt_t options[] = {
	CFG_STR("log_level", "info", CFGF_NONE),
	CFG_STR("state_directory", "/var/lib/orgd", CFGF_NONE),
	CFG_STR("master_key_file", "", CFGF_NONE),
	CFG_INT("map_gib", 1024, CFGF_NONE),
	CFG_INT("disk_reserve_mib", 64, CFGF_NONE),
	CFG_SEC("listen", listen_options, CFGF_NONE),
	CFG_SEC("platform", platform_options, CFGF_NONE),
	CFG_SEC("mail", mail_options, CFGF_NONE),
	CFG_SEC("verification", verification_options, CFGF_NONE),
	CFG_SEC("limits", limit_options, CFGF_NONE),
	CFG_END(),
};

/* A user's name or number. */
static bool find_uid(const char *user, uid_t *uid)
{
	const struct passwd *entry = getpwnam(user);
	unsigned long number;
	char *end;

	if (entry) {
		*uid = entry->pw_uid;
		return true;
	}
	errno = 0;
	number = strtoul(user, &end, 10);
	*uid = (uid_t)number;
	return *user >= '0' && *user <= '9' && !*end && !errno && number < (uid_t)-1;
}

static int check_user(cfg_t *cfg, cfg_opt_t *option)
{
	const char *user = conf_string(option);
	uid_t uid;

	if (!*user || find_uid(user, &uid))
		return 0;
	cfg_error(cfg, "%s: there is no user \"%s\" on this system", cfg_opt_name(option), user);
	return -1;
}

static int check_address(cfg_t *cfg, cfg_opt_t *option)
{
	CLEANUP(arena_clear) struct arena arena;
	const char *typed, *canonical;

	arena_init(&arena);
	return conf_judge(
		text_check_email(&arena, option->name, conf_string(option), &typed, &canonical),
		cfg, option);
}

static int check_web_address(cfg_t *cfg, const cfg_opt_t *option, const char *value)
{
	CLEANUP(arena_clear) struct arena arena;
	const char *url;

	arena_init(&arena);
	return conf_judge(text_check_url(&arena, option->name, value, &url), cfg, option);
}

static int check_url(cfg_t *cfg, cfg_opt_t *option)
{
	return check_web_address(cfg, option, conf_string(option));
}

static int check_token_url(cfg_t *cfg, cfg_opt_t *option)
{
	static const char place[] = "{token}";
	CLEANUP(arena_clear) struct arena arena;
	char *value, *found;

	arena_init(&arena);
	value = arena_strdup(&arena, conf_string(option));
	if (*value && !strstr(value, place)) {
		cfg_error(cfg,
			"%s is \"%s\"; it must hold {token}, where the mail's link has its token",
			cfg_opt_name(option), value);
		return -1;
	}
	/* With a token in it, it is to be a web address. */
	while ((found = strstr(value, place)))
		memset(found, 't', strlen(place));
	return check_web_address(cfg, option, value);
}

enum { BUDGET_MAX = 1000 * 1000 };

static const struct conf_check checks[] = {
	{ "log_level", conf_check_log_level, 0, 0 },
	{ "state_directory", conf_check_absolute, 0, 0 },
	{ "master_key_file", conf_check_absolute, 0, 0 },
	{ "map_gib", conf_check_number, 1, 64 * 1024 },
	{ "disk_reserve_mib", conf_check_number, 1, 1024 * 1024 },
	{ "listen|ipc", conf_check_absolute, 0, 0 },
	{ "platform|name", conf_check_line, 0, 0 },
	{ "platform|support_contact", conf_check_line, 0, 0 },
	{ "platform|portal_url", check_url, 0, 0 },
	{ "platform|operators", check_user, 0, 0 },
	{ "platform|courier", check_user, 0, 0 },
	{ "mail|sender", check_address, 0, 0 },
	{ "mail|from_name", conf_check_line, 0, 0 },
	{ "mail|join_url", check_token_url, 0, 0 },
	{ "mail|verify_url", check_token_url, 0, 0 },
	{ "mail|reset_url", check_token_url, 0, 0 },
	{ "mail|template_directory", conf_check_absolute, 0, 0 },
	{ "verification|reverify_grace_days", conf_check_number, 0, 365 },
	{ "limits|invitation_expiry_hours", conf_check_number, 1, 30 * 24 },
	{ "limits|invitations_per_organization_per_day", conf_check_number, 1, BUDGET_MAX },
	{ "limits|invitations_per_recipient_per_day", conf_check_number, 1, BUDGET_MAX },
	{ "limits|account_mails_per_address_per_day", conf_check_number, 1, BUDGET_MAX },
	{ "limits|sign_in_failures_per_account", conf_check_number, 1, BUDGET_MAX },
	{ "limits|sign_in_failures_per_peer", conf_check_number, 1, BUDGET_MAX },
	{ "limits|crypto_threads", conf_check_number, 0, 4 },
};

/* What no single option can tell. */
MUST_USE static struct status check_together(const struct config *config)
{
	const struct settings *settings = &config->settings;
	const struct {
		const char *option, *value;
	} needed[] = {
		{ "mail { join_url }", settings->join_url },
		{ "mail { verify_url }", settings->verify_url },
		{ "mail { reset_url }", settings->reset_url },
		{ "platform { portal_url }", settings->portal_url },
	};

	if (!*config->ipc_path && !*config->tcp_address)
		return status_fail(STATUS_INVALID_ARGUMENT, "CONFIG_INVALID",
			"%s: listen needs ipc or tcp, else nobody can call", config->file);
	for (size_t i = 0; settings->mail && i < COUNT_OF(needed); i++)
		if (!*needed[i].value)
			return status_fail(STATUS_INVALID_ARGUMENT, "CONFIG_INVALID",
				"%s: mail has a sender, so %s is needed for the links in mails",
				config->file, needed[i].option);
	return OK;
}

/* Without any, root and the daemon's own user. */
static void take_operators(struct settings *settings, cfg_t *platform)
{
	unsigned count = cfg_size(platform, "operators");

	for (unsigned i = 0; i < count && settings->operator_count < SETTINGS_OPERATORS_MAX; i++)
		if (find_uid(cfg_getnstr(platform, "operators", i),
			    &settings->operators[settings->operator_count]))
			settings->operator_count++;
	if (count)
		return;
	settings->operators[settings->operator_count++] = 0;
	settings->operators[settings->operator_count++] = geteuid();
}

static void take_settings(struct settings *settings, cfg_t *cfg)
{
	cfg_t *platform = cfg_getsec(cfg, "platform"), *mail = cfg_getsec(cfg, "mail");
	cfg_t *verification = cfg_getsec(cfg, "verification"), *limits = cfg_getsec(cfg, "limits");
	const char *courier = cfg_getstr(platform, "courier");

	*settings = (struct settings){
		.platform_name = cfg_getstr(platform, "name"),
		.support_contact = cfg_getstr(platform, "support_contact"),
		.courier_uid = (uid_t)-1,
		.mail = *cfg_getstr(mail, "sender") != '\0',
		.mail_sender = cfg_getstr(mail, "sender"),
		.mail_from = cfg_getstr(mail, "from_name"),
		.join_url = cfg_getstr(mail, "join_url"),
		.verify_url = cfg_getstr(mail, "verify_url"),
		.reset_url = cfg_getstr(mail, "reset_url"),
		.portal_url = cfg_getstr(platform, "portal_url"),
		.template_directory = cfg_getstr(mail, "template_directory"),
		.reverify_on_change = cfg_getbool(verification, "reverify_on_change"),
		.reverify_grace_us = cfg_getint(verification, "reverify_grace_days") * US_PER_DAY,
		.invitation_expiry_us = cfg_getint(limits, "invitation_expiry_hours") * US_PER_HOUR,
	};
	if (*courier)
		(void)find_uid(courier, &settings->courier_uid);
	take_operators(settings, platform);
#define TAKE_LIMIT(name) settings->name = (uint32_t)cfg_getint(limits, #name)
	TAKE_LIMIT(invitations_per_organization_per_day);
	TAKE_LIMIT(invitations_per_recipient_per_day);
	TAKE_LIMIT(account_mails_per_address_per_day);
	TAKE_LIMIT(sign_in_failures_per_account);
	TAKE_LIMIT(sign_in_failures_per_peer);
	TAKE_LIMIT(crypto_threads);
#undef TAKE_LIMIT
}

/* The file names one, or systemd hands one over (LoadCredential=). */
static const char *find_master_key(cfg_t *cfg)
{
	static char path[4096];
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	const char *file = cfg_getstr(cfg, "master_key_file");

	if (*file || !directory)
		return file;
	snprintf(path, sizeof(path), "%s/master.key", directory);
	return path;
}

static void take_options(struct config *config, cfg_t *cfg)
{
	cfg_t *listen = cfg_getsec(cfg, "listen");

	config->log_level = conf_log_level(cfg_getstr(cfg, "log_level"));
	config->state_directory = cfg_getstr(cfg, "state_directory");
	config->master_key_path = find_master_key(cfg);
	config->map_bytes = (uint64_t)cfg_getint(cfg, "map_gib") * GIB;
	config->disk_reserve_bytes = (uint64_t)cfg_getint(cfg, "disk_reserve_mib") * MIB;
	config->ipc_path = cfg_getstr(listen, "ipc");
	config->tcp_address = cfg_getstr(listen, "tcp");
	config->tcp_anywhere = cfg_getbool(listen, "tcp_anywhere");
	take_settings(&config->settings, cfg);
}

/* --- the flags --- */

static void read_flags(struct config *config, int argc, const char **argv)
{
	int check = 0, print = 0, version = 0, error;
	char *file = NULL, *offset_file = NULL, *restored = NULL, *checked = NULL, *copied = NULL;
	const struct poptOption flags[] = { { "config", 'c', POPT_ARG_STRING, &file, 0,
						    "The configuration (" ORGD_CONFIG_FILE ")",
						    "FILE" },
		{ "check-config", 0, POPT_ARG_NONE, &check, 0,
			"Say what is wrong with the configuration, or that nothing is, and exit",
			NULL },
		{ "print-config", 0, POPT_ARG_NONE, &print, 0,
			"Print every option as it is in effect, and exit", NULL },
		{ "restore", 0, POPT_ARG_STRING, &restored, 0,
			"While orgd is stopped: put a copy of this backup in the place of the "
			"database, which is kept under another name",
			"FILE" },
		{ "check-database", 0, POPT_ARG_STRING, &checked, 0,
			"Check that all fits together in a database (STATE_DIRECTORY/db), also "
			"while "
			"orgd serves it, or in a backup",
			"PATH" },
		{ "backup-database", 0, POPT_ARG_STRING, &copied, 0,
			"Copy a database (STATE_DIRECTORY/db), also while orgd serves it, into the "
			"directory backup/ beside it",
			"PATH" },
		{ "clock-offset-file", 0, POPT_ARG_STRING, &offset_file, 0,
			"For tests: add the seconds in this file to the clock", "FILE" },
		{ "version", 0, POPT_ARG_NONE, &version, 0, "Print the version and exit", NULL },
		POPT_AUTOHELP POPT_TABLEEND };
	poptContext context = poptGetContext("orgd", argc, argv, flags, 0);

	error = poptGetNextOpt(context);
	if (error < -1 || poptPeekArg(context)) {
		fprintf(stderr, "orgd: %s: %s; see orgd --help\n",
			error < -1 ? poptBadOption(context, POPT_BADOPTION_NOALIAS)
				   : poptPeekArg(context),
			error < -1 ? poptStrerror(error) : "orgd takes no arguments");
		exit(EX_USAGE);
	}
	poptFreeContext(context);
	if (version) {
		puts("orgd " ORGD_VERSION);
		exit(EX_OK);
	}
	config->action = check      ? CONFIG_CHECK
			 : print    ? CONFIG_PRINT
			 : restored ? CONFIG_RESTORE
			 : checked  ? CONFIG_CHECK_DATABASE
			 : copied   ? CONFIG_BACKUP_DATABASE
				    : CONFIG_RUN;
	config->maintained = restored ? restored : checked ? checked : copied;
	config->file = file ? file : ORGD_CONFIG_FILE;
	config->clock.offset_file = offset_file;
}

struct status config_load(struct config *config, int argc, const char **argv)
{
	*config = (struct config){ .log_level = LOG_LEVEL_INFO };
	read_flags(config, argc, argv);
	if (config->action == CONFIG_CHECK_DATABASE || config->action == CONFIG_BACKUP_DATABASE)
		return OK;
	TRY(conf_parse(config->file, options, checks, COUNT_OF(checks), &config->parsed));
	take_options(config, config->parsed);
	return check_together(config);
}

void config_print(const struct config *config)
{
	cfg_print(config->parsed, stdout);
}
