/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "crew.h"
#include "daemon.h"
#include "data.h"
#include "echo.h"
#include "request.h"
#include "table.h"

/*
 * How far the daemon is from what its parts allow. Absolute numbers depend on the machine and its
 * hour, so whatever is compared runs in turns so short that a slow minute of the machine falls on
 * all sides, and what is printed are medians over the rounds.
 */

/* How often a side runs in a round, and how long each time: longer where a call takes longer. */
struct turns {
	int count;
	int64_t each_us;
};

struct bench {
	char *executable, *directory; /* of orgd; where everything is made */
	bool smoke, lengthy;
	int rounds;
	struct turns turns, write_turns; /* of what commits */
	struct crew crew;
	struct echo echo;
	struct data data; /* of the common daemon */
	struct daemon daemon;
	struct request *checks; /* CHECKS, of members of one organization with one grant */
	struct request *accepts;
	size_t accepted;           /* of these, the ones that are used up */
	int64_t begun_us, busy_us; /* since when others' use of the machine is watched */
};

enum {
	CHECKS = 4096,
	ACCEPTS_MAX = 1500,          /* in a turn; a fast disk's is over earlier */
	ACCEPTS_A_ROUND = 80 * 1000, /* more than all turns of a round take */
};

/* The measures, a file each. */
void measure_check(struct bench *bench);
void measure_batch(struct bench *bench);
void measure_write(struct bench *bench);
void measure_mixed(struct bench *bench);
void measure_growth(struct bench *bench);
void measure_idle(struct bench *bench);
void measure_client(struct bench *bench);
void measure_bulk(struct bench *bench);

/* What one side of a comparison did in a round. */
struct side {
	struct load_result load;
	int64_t cpu_us; /* of the server */
};
/* One slice: runs the loads side by side against the server `pid`, and adds to the side. */
void side_run(struct bench *bench, struct side *side, pid_t pid, const struct load *loads,
	unsigned count);
/* `outstanding` requests in all from so many processes. */
void side_run_spread(struct bench *bench, struct side *side, pid_t pid, const struct load *load,
	unsigned processes);
double side_cpu_us(const struct side *side); /* a request */

/* Invitations that nobody has accepted, at most ACCEPTS_MAX, as the requests of a load that ends
 * when they are used up; accepts_used says how many were. */
void accepts_take(const struct bench *bench, struct load *load);
void accepts_used(struct bench *bench, uint64_t count);
