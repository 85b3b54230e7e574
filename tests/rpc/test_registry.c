/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>

#include "base/compiler.h"
#include "grpc/health/v1/health.pb-c.h"
#include "orgd/v1/document_service.pb-c.h"
#include "orgd/v1/member_service.pb-c.h"
#include "orgd/v1/organization_service.pb-c.h"
#include "rpc/registry.h"

static ProtobufCService members = { .descriptor = &orgd__v1__member_service__descriptor };
static ProtobufCService organizations = { .descriptor =
						  &orgd__v1__organization_service__descriptor };
static ProtobufCService documents = { .descriptor = &orgd__v1__document_service__descriptor };
static ProtobufCService health = { .descriptor = &grpc__health__v1__health__descriptor };
static ProtobufCService *const services[] = { &members, &organizations, &documents, &health };

static void registry_release(struct registry **registry)
{
	registry_free(*registry);
}

Test(registry, finds_every_method_of_every_service_by_its_path)
{
	CLEANUP(registry_release)
	struct registry *registry = registry_new(services, COUNT_OF(services));
	size_t count = 0;

	for (size_t i = 0; i < COUNT_OF(services); i++) {
		const ProtobufCServiceDescriptor *descriptor = services[i]->descriptor;

		for (unsigned index = 0; index < descriptor->n_methods; index++, count++) {
			const struct method *method;
			char path[256];

			snprintf(path, sizeof(path), "/%s/%s", descriptor->name,
				descriptor->methods[index].name);
			method = registry_find(registry, path);
			cr_assert_not_null(method, "%s", path);
			cr_expect_str_eq(method->path, path);
			cr_expect_eq(method->service, services[i]);
			cr_expect_eq(method->index, index);
			cr_expect_eq(method->descriptor, &descriptor->methods[index]);
		}
	}
	cr_expect_eq(registry_count(registry), count);
}

Test(registry, a_path_is_as_grpc_writes_it)
{
	CLEANUP(registry_release)
	struct registry *registry = registry_new(services, COUNT_OF(services));
	const struct method *method =
		registry_find(registry, "/orgd.v1.MemberService/RemoveMember");

	cr_assert_not_null(method);
	cr_expect_str_eq(method->descriptor->name, "RemoveMember");
	cr_expect_eq(method->service, &members);
}

Test(registry, numbers_are_dense)
{
	CLEANUP(registry_release)
	struct registry *registry = registry_new(services, COUNT_OF(services));

	for (unsigned number = 0; number < registry_count(registry); number++) {
		const struct method *method = registry_at(registry, number);

		cr_expect_eq(method->number, number);
		cr_expect_eq(registry_find(registry, method->path), method);
	}
}

Test(registry, a_number_out_of_range_is_our_own_bug, .signal = SIGABRT)
{
	struct registry *registry = registry_new(services, COUNT_OF(services));

	registry_at(registry, (unsigned)registry_count(registry));
}

Test(registry, what_is_no_method_is_not_found)
{
	static const char *const paths[] = { "", "/", "orgd.v1.MemberService/RemoveMember",
		"/orgd.v1.MemberService/RemoveMembe", "/orgd.v1.MemberService/RemoveMember2",
		"/orgd.v1.MemberService/removemember", "/orgd.v1.MemberService/",
		"/orgd.v1.MemberService", "/orgd.v1.OrganizationService/RemoveMember",
		"//orgd.v1.MemberService/RemoveMember" };
	CLEANUP(registry_release)
	struct registry *registry = registry_new(services, COUNT_OF(services));

	for (size_t i = 0; i < COUNT_OF(paths); i++)
		cr_expect_null(registry_find(registry, paths[i]), "%s", paths[i]);
}

Test(registry, may_be_empty)
{
	CLEANUP(registry_release) struct registry *registry = registry_new(NULL, 0);

	cr_expect_eq(registry_count(registry), 0);
	cr_expect_null(registry_find(registry, "/orgd.v1.MemberService/RemoveMember"));
}

Test(registry, the_same_service_twice_is_our_own_bug, .signal = SIGABRT)
{
	ProtobufCService *const twice[] = { &members, &members };

	registry_new(twice, COUNT_OF(twice));
}
