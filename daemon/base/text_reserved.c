/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text_reserved.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"

const char *const reserved_handles[] = { "about", "abuse", "access", "account", "accounts", "admin",
	"administrator", "admins", "anonymous", "api", "app", "apps", "assets", "auth", "billing",
	"blog", "cdn", "collections", "console", "contact", "courier", "dashboard", "dev",
	"developer", "developers", "docs", "documents", "download", "downloads", "events",
	"everyone", "explore", "faq", "favicon", "ftp", "grpc", "health", "help", "home", "host",
	"hostmaster", "imap", "index", "info", "internal", "invitation", "invitations", "invite",
	"invites", "join", "keys", "legal", "localhost", "login", "logout", "mail", "mailer-daemon",
	"me", "members", "metrics", "new", "news", "nobody", "none", "noreply", "null", "oauth",
	"official", "operator", "org", "organization", "organizations", "orgctl", "orgd", "orgs",
	"owner", "owners", "platform", "pop", "portal", "postmaster", "press", "pricing", "privacy",
	"private", "profile", "public", "register", "reset", "reviewer", "reviewers", "robots",
	"root", "search", "security", "self", "service", "services", "session", "sessions",
	"settings", "signin", "signout", "signup", "sitemap", "smtp", "staff", "static", "status",
	"support", "sysadmin", "system", "team", "teams", "terms", "undefined", "unsubscribe",
	"user", "users", "verification", "verify", "webhook", "webhooks", "webmaster", "well-known",
	"www" };
const size_t reserved_handles_count = COUNT_OF(reserved_handles);

static int compare(const void *key, const void *element)
{
	return strcmp(key, *(const char *const *)element);
}

bool handle_is_reserved(const char *handle)
{
	return bsearch(handle, reserved_handles, reserved_handles_count, sizeof(*reserved_handles),
		compare);
}
