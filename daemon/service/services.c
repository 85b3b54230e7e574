/* SPDX-License-Identifier: Apache-2.0 */
#include "service/services.h"

#include "service/budget.h"
#include "service/collection.h"
#include "service/delivery.h"
#include "service/document.h"
#include "service/executor.h"
#include "service/invitation.h"
#include "service/organization.h"
#include "service/session.h"
#include "service/user.h"
#include "service/webhook.h"
#include "store/rows/request.h"

enum { REQUESTS_A_SWEEP = 100 };

ProtobufCService *const *services_all(size_t *count)
{
	static ProtobufCService *services[14];

	services[0] = user_service();
	services[1] = session_service();
	services[2] = organization_service();
	services[3] = verification_service();
	services[4] = member_service();
	services[5] = invitation_service();
	services[6] = document_service();
	services[7] = access_service();
	services[8] = event_service();
	services[9] = api_key_service();
	services[10] = webhook_service();
	services[11] = delivery_service();
	services[12] = admin_service();
	services[13] = health_service();
	*count = COUNT_OF(services);
	return services;
}

const struct prepare *services_prepares(size_t *count)
{
	static const struct prepare prepares[] = {
		{ "/orgd.v1.UserService/SignUp", user_prepare_sign_up },
		{ "/orgd.v1.UserService/VerifyEmail", user_prepare_verify_email },
		{ "/orgd.v1.UserService/ChangePassword", user_prepare_change_password },
		{ "/orgd.v1.UserService/ResetPassword", user_prepare_reset_password },
		{ "/orgd.v1.SessionService/SignIn", session_prepare_sign_in },
	};

	*count = COUNT_OF(prepares);
	return prepares;
}

static struct status sweep_requests(struct call *call, bool *more)
{
	unsigned deleted;

	TRY(request_delete_old(call->snapshot, call->now_us, REQUESTS_A_SWEEP, &deleted));
	*more = deleted == REQUESTS_A_SWEEP;
	return OK;
}

const struct sweep *services_sweeps(size_t *count)
{
	static const struct sweep sweeps[] = {
		{ "requests", sweep_requests },
		{ "budgets of days gone by", budget_sweep },
		{ "expired invitations", invitation_sweep_expired },
		{ "revoked invitations", invitation_sweep_revoked },
		{ "invitation reminders", invitation_sweep_reminders },
		{ "spent invitations", invitation_sweep_spent },
		{ "old deliveries", delivery_sweep_old },
		{ "last use of sessions", session_sweep_last_use },
		{ "ended sessions", session_sweep_ended },
		{ "erased users", user_sweep_erased },
		{ "deleted organizations", organization_sweep_purge },
		{ "deleted documents", document_sweep_deleted },
		{ "deleted collections", collection_sweep_deleted },
		{ "news for webhooks", webhook_wake },
		{ "deleted webhooks", webhook_sweep_ended },
	};

	*count = COUNT_OF(sweeps);
	return sweeps;
}
