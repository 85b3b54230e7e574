/* SPDX-License-Identifier: Apache-2.0 */
#include "ask.h"
#include "command.h"
#include "output.h"

static enum exit_code list(struct cli *cli)
{
	const Orgd__V1__ListDeliveriesResponse *response =
		ASK_LIST(cli, delivery_service, ListDeliveries, list_deliveries,
			.state = given_enum(cli, "state", &orgd__v1__delivery_state__descriptor));

	output_list(cli, &response->base, "deliveries", "id",
		"id kind recipient status.state status.attempts status.last_error "
		"status.next_attempt_time=NEXT_ATTEMPT create_time=CREATED");
	return EXIT_OK;
}

static enum exit_code retry(struct cli *cli)
{
	const Orgd__V1__RetryDeliveryResponse *response = ASK(cli, delivery_service, RetryDelivery,
		retry_delivery, .delivery_id = given(cli, "delivery"));

	output_resource(cli, &response->base, "delivery", "delivery.id");
	return EXIT_OK;
}

static const struct command commands[] = {
	{ "delivery list [--state STATE] [--limit N]", "List mails and how far they got.",
		"orgctl delivery list --state failed", list },
	{ "delivery retry <delivery>", "Queue a failed mail again, now.",
		"orgctl delivery retry dlv_30yxn4zv6nvas6z42w4k65dfth", retry },
};

NOUN(delivery_noun, "delivery", "The mails that orgd sends.");
