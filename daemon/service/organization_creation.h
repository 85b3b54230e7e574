/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "orgd/v1/organization_service.pb-c.h"
#include "service/call.h"

/* Authorises and validates the request, and makes the organization with its first Owner, PENDING
 * and in the reviewers' queue. Refuses as the contract says. */
MUST_USE struct status organization_create(struct call *call,
	const Orgd__V1__CreateOrganizationRequest *request, struct id *id,
	Orgd__Store__V1__Organization **row);
