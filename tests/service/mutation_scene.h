/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <jansson.h>

#include "support/story.h"

/*
 * A request that succeeds, for each mutation of the contract: tests/support/mutations.json, which
 * says who makes it and what happened before. In its requests a string in braces stands for
 * something of the scene, which is made when it is first named:
 *
 *	{ada} {bob} {cyd} {zoe}      a user's id, with .email and .token (the newest mailed to them)
 *	{password}                   everybody's
 *	{new.email} {new.token}      an address without an account
 *	{new.handle}                 one that no organization has
 *	{acme} {acme.handle}         a verified organization of Ada's
 *	{pending}                    one of Cyd's that waits for a reviewer
 *	{document} {collection}
 *	{step.path.to.a.value}       of the reply to a step before
 */
struct mutation_scene {
	struct story *s;
	json_t *entry; /* of the table */
	json_t *replies;
	const char *acme, *pending, *document, *collection;
};

/* The method's entry; NULL when there is none. */
json_t *mutation_find(const char *method);
/* How many there are. */
size_t mutation_count(void);

/* Takes the steps before the request. */
void mutation_scene_begin(struct mutation_scene *scene, json_t *entry);
void mutation_scene_end(struct mutation_scene *scene);
/* NULL for anyone. */
const char *mutation_caller(struct mutation_scene *scene);
/* To be freed. */
ProtobufCMessage *mutation_request(struct mutation_scene *scene, const char *method);
