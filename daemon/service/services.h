/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <protobuf-c/protobuf-c.h>

/* Each service of the contract, its handlers in the file of its name. */
ProtobufCService *user_service(void);
ProtobufCService *session_service(void);
ProtobufCService *organization_service(void);
ProtobufCService *verification_service(void);
ProtobufCService *member_service(void);
ProtobufCService *invitation_service(void);
ProtobufCService *document_service(void);
ProtobufCService *access_service(void);
ProtobufCService *event_service(void);
ProtobufCService *api_key_service(void);
ProtobufCService *webhook_service(void);
ProtobufCService *delivery_service(void);
ProtobufCService *admin_service(void);
ProtobufCService *health_service(void);
