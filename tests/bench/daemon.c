/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "data.h"
#include "request.h"

enum { POLL_US = 100 };

static FILE *create(const struct daemon *daemon, const char *name)
{
	char path[sizeof(daemon->directory) + 32];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", daemon->directory, name);
	file = fopen(path, "we");
	if (!file)
		err(1, "%s", path);
	return file;
}

static void configure(const struct daemon *daemon)
{
	FILE *file = create(daemon, "master.key");

	if (fwrite(data_master_key, sizeof(data_master_key), 1, file) != 1 || fclose(file))
		err(1, "a master key");
	file = create(daemon, "orgd.conf");
	fprintf(file,
		"state_directory = \"%1$s\"\n"
		"master_key_file = \"%1$s/master.key\"\n"
		"listen {\n"
		"	ipc = \"%2$s\"\n"
		"	tcp = \"127.0.0.1:0\"\n"
		"}\n",
		daemon->directory, daemon->local.path);
	if (fclose(file))
		err(1, "a configuration");
}

void daemon_prepare(struct daemon *daemon, const char *parent)
{
	char made[sizeof(daemon->directory)];

	memset(daemon, 0, sizeof(*daemon));
	snprintf(made, sizeof(made), "%s/orgd-XXXXXX", parent);
	if (!mkdtemp(made) || !realpath(made, daemon->directory))
		err(1, "%s", made);
	if ((size_t)snprintf(daemon->local.path, sizeof(daemon->local.path), "%s/orgd.sock",
		    daemon->directory) >= sizeof(daemon->local.path))
		errx(1, "%s is too long for a socket in it", daemon->directory);
	configure(daemon);
}

__attribute__((noreturn)) static void execute(const struct daemon *daemon, const char *executable)
{
	char path[sizeof(daemon->directory) + 32];
	int log;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(path, sizeof(path), "%s/orgd.log", daemon->directory);
	log = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (log < 0 || dup2(log, STDERR_FILENO) < 0)
		err(1, "%s", path);
	snprintf(path, sizeof(path), "%s/orgd.conf", daemon->directory);
	execl(executable, executable, "--config", path, (char *)NULL);
	err(1, "%s", executable);
}

/* Does its log say that it serves, and at which port? */
static bool serves(struct daemon *daemon)
{
	static const char mark[] = "tcp port ";
	char path[sizeof(daemon->directory) + 32], log[4096];
	const char *port;
	size_t size;
	FILE *file;

	snprintf(path, sizeof(path), "%s/orgd.log", daemon->directory);
	file = fopen(path, "re");
	if (!file)
		return false;
	size = fread(log, 1, sizeof(log) - 1, file);
	fclose(file);
	log[size] = '\0';
	port = strstr(log, mark);
	if (!port || !strchr(port, '\n'))
		return false;
	daemon->tcp.port = (uint16_t)strtoul(port + strlen(mark), NULL, 10);
	return true;
}

int64_t daemon_start(struct daemon *daemon, const char *executable)
{
	int64_t begun_us = clock_monotonic_us();

	daemon->pid = fork();
	if (daemon->pid < 0)
		err(1, "a process for orgd");
	if (!daemon->pid)
		execute(daemon, executable);
	while (!serves(daemon)) {
		if (waitpid(daemon->pid, NULL, WNOHANG))
			errx(1, "orgd ended; see %s/orgd.log", daemon->directory);
		nanosleep(&(struct timespec){ .tv_nsec = POLL_US * 1000 }, NULL);
	}
	return clock_monotonic_us() - begun_us;
}

int64_t daemon_stop(struct daemon *daemon)
{
	int64_t begun_us = clock_monotonic_us();
	char path[sizeof(daemon->directory) + 32];
	int how;

	kill(daemon->pid, SIGTERM);
	while (waitpid(daemon->pid, &how, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(how) || WEXITSTATUS(how))
		errx(1, "orgd ended badly; see %s/orgd.log", daemon->directory);
	snprintf(path, sizeof(path), "%s/orgd.log", daemon->directory);
	unlink(path);
	return clock_monotonic_us() - begun_us;
}

static int remove_entry(const char *path, const struct stat *stat, int type, struct FTW *place)
{
	(void)stat;
	(void)type;
	(void)place;
	return remove(path);
}

void directory_remove(const char *directory)
{
	if (nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS))
		warn("%s", directory);
}

int64_t process_cpu_us(pid_t pid)
{
	struct timespec time;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &time))
		errx(1, "process %d has no accounting", (int)pid);
	return time.tv_sec * INT64_C(1000000) + time.tv_nsec / 1000;
}

int64_t process_memory_bytes(pid_t pid)
{
	char path[64], line[256];
	long kilobytes = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	if (!file)
		err(1, "%s", path);
	while (kilobytes < 0 && fgets(line, sizeof(line), file))
		(void)sscanf(line, "RssAnon: %ld kB", &kilobytes);
	fclose(file);
	if (kilobytes < 0)
		errx(1, "%s tells no RssAnon", path);
	return (int64_t)kilobytes * 1024;
}

int64_t machine_busy_us(void)
{
	unsigned long long user, nice, kernel, idle, waiting, interrupts, soft;
	FILE *file = fopen("/proc/stat", "re");

	if (!file || fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &kernel,
			     &idle, &waiting, &interrupts, &soft) != 7)
		errx(1, "/proc/stat does not tell");
	fclose(file);
	return (int64_t)(user + nice + kernel + interrupts + soft) * US_PER_SECOND /
	       sysconf(_SC_CLK_TCK);
}

struct daemon_status daemon_status(const struct daemon *daemon)
{
	Orgd__V1__GetStatusRequest ask = ORGD__V1__GET_STATUS_REQUEST__INIT;
	Orgd__V1__GetStatusResponse *answer;
	struct daemon_status status;

	answer = (Orgd__V1__GetStatusResponse *)request_call(&daemon->local,
		&(struct request_text){
			.method = "/orgd.v1.AdminService/GetStatus", .authorization = "Peer" },
		&ask.base, &orgd__v1__get_status_response__descriptor);
	status = (struct daemon_status){ answer->revision, answer->mutations, answer->commits,
		answer->used_bytes, answer->file_bytes };
	orgd__v1__get_status_response__free_unpacked(answer, NULL);
	return status;
}
