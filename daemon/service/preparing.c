/* SPDX-License-Identifier: Apache-2.0 */
#include "service/preparing.h"

#include <string.h>

void preparing_init(struct preparing *preparing)
{
	*preparing = (struct preparing){ .lock = PTHREAD_MUTEX_INITIALIZER };
}

void preparing_clear(struct preparing *preparing)
{
	assert(!preparing->count);
	pthread_mutex_destroy(&preparing->lock);
}

MUST_USE static bool is_repeat(const struct work *a, const struct work *b)
{
	const Orgd__Rpc__V1__Request *x = a->call.envelope, *y = b->call.envelope;

	return a->call.method == b->call.method && !strcmp(x->request_id, y->request_id) &&
	       !strcmp(x->authorization, y->authorization) &&
	       !strcmp(x->on_behalf_of, y->on_behalf_of);
}

enum preparing_answer preparing_enter(struct preparing *preparing, struct work *work)
{
	enum preparing_answer answer = PREPARING_NOW;
	struct work *other;

	pthread_mutex_lock(&preparing->lock);
	for (other = preparing->first; other && !is_repeat(other, work);)
		other = other->sibling;
	if (other) {
		work->sibling = other->followers;
		other->followers = work;
		answer = PREPARING_LATER;
	} else if (preparing->count == PREPARING_MAX) {
		answer = PREPARING_FULL;
	} else {
		work->sibling = preparing->first;
		preparing->first = work;
		preparing->count++;
	}
	pthread_mutex_unlock(&preparing->lock);
	return answer;
}

void preparing_leave(
	struct preparing *preparing, struct work *work, void (*enter)(struct work *work))
{
	struct work *followers = NULL, **link;

	pthread_mutex_lock(&preparing->lock);
	for (link = &preparing->first; *link && *link != work;)
		link = &(*link)->sibling;
	if (*link) {
		*link = work->sibling;
		preparing->count--;
		followers = work->followers;
	}
	pthread_mutex_unlock(&preparing->lock);
	for (struct work *follower = followers, *next; follower; follower = next) {
		next = follower->sibling;
		enter(follower);
	}
}
