/* SPDX-License-Identifier: Apache-2.0 */
#include "crew.h"

#include <err.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Costs nothing until it is used. */
static const size_t shared_bytes = (size_t)8 << 30;
enum { ALIGNMENT = 16 };

__attribute__((noreturn)) static void work(int channel, struct load_result *result)
{
	struct load load;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(channel, &load, sizeof(load)) == sizeof(load)) {
		load_run(&load, result);
		if (write(channel, "", 1) != 1)
			_exit(1);
	}
	_exit(0);
}

static int hire(struct load_result *result, pid_t *out)
{
	int channel[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel))
		err(1, "a channel");
	pid = fork();
	if (pid < 0)
		err(1, "a client process");
	if (!pid) {
		close(channel[0]);
		work(channel[1], result);
	}
	close(channel[1]);
	*out = pid;
	return channel[0];
}

void crew_start(struct crew *crew)
{
	crew->shared = mmap(NULL, shared_bytes, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (crew->shared == MAP_FAILED)
		err(1, "shared memory");
	crew->shared_end = crew->shared + shared_bytes;
	crew->results = crew_alloc(crew, CREW_MAX * sizeof(*crew->results));
	for (int i = 0; i < CREW_MAX; i++)
		crew->channels[i] = hire(&crew->results[i], &crew->pids[i]);
}

void *crew_alloc(struct crew *crew, size_t bytes)
{
	char *memory = crew->shared;

	bytes = (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (bytes > (size_t)(crew->shared_end - memory))
		errx(1, "the shared memory is used up");
	crew->shared += bytes;
	return memory;
}

char *crew_mark(const struct crew *crew)
{
	return crew->shared;
}

void crew_release(struct crew *crew, char *mark)
{
	crew->shared = mark;
}

void crew_run(struct crew *crew, const struct load *loads, unsigned count)
{
	char over;

	for (unsigned i = 0; i < count; i++)
		if (write(crew->channels[i], &loads[i], sizeof(loads[i])) != sizeof(loads[i]))
			err(1, "a client process");
	for (unsigned i = 0; i < count; i++)
		if (read(crew->channels[i], &over, 1) != 1)
			errx(1, "a client process has ended");
}
