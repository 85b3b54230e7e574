/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Every table: its byte, key, value (a message of orgd.store.v1, "-" for none) and who writes it.
 * Ids are 16 bytes, `us` is microseconds since 1970 as u64, strings have their length in front. The
 * driver's own tables (0xF0 and above) are in store/driver_tables.h.
 */
enum table {
	/* Accounts: rows/user.c, rows/session.c, rows/token.c */
	TABLE_USER = 'u',            /* user → User */
	TABLE_USER_BY_EMAIL = 'e',   /* canonical address → user id */
	TABLE_USER_BY_TIME = 'U',    /* create us, user → - */
	TABLE_SESSION = 's',         /* session → Session */
	TABLE_SESSION_BY_USER = 'S', /* user, create us, session → - */
	TABLE_SESSION_FORGET = 'f',  /* us, session → -: from then on nothing needs the row */
	TABLE_TOKEN = 't',           /* token → Token: verification and reset */
	TABLE_API_KEY = 'K',         /* key → ApiKey */
	TABLE_API_KEY_BY_TIME = 'L', /* create us, key → - */

	/* Organizations: rows/organization.c, rows/decision.c. Everyone who changes a set that
	 * belongs to one (owners, members, pending invitations) rewrites its row. */
	TABLE_ORGANIZATION = 'o',           /* organization → Organization */
	TABLE_ORGANIZATION_BY_HANDLE = 'h', /* handle → Handle */
	TABLE_ORGANIZATION_BY_TIME = 'O',   /* create us, organization → - */
	TABLE_QUEUE = 'q',    /* waiting since us, organization → -: the reviewers' */
	TABLE_DECISION = 'd', /* organization, us, decision → Decision */

	/* Members: rows/membership.c */
	TABLE_MEMBERSHIP = 'm',         /* organization, user → Membership */
	TABLE_MEMBERSHIP_BY_USER = 'M', /* user, organization → Membership, equal to the above */
	TABLE_MEMBERSHIP_BY_TIME = 'n', /* organization, join us, user → - */

	/* Invitations: rows/invitation.c. Of the pending ones alone: the last three. */
	TABLE_INVITATION = 'i',                 /* invitation → Invitation */
	TABLE_INVITATION_BY_ORGANIZATION = 'I', /* organization, create us, invitation → - */
	TABLE_INVITATION_PENDING = 'j',         /* organization, canonical address → invitation */
	TABLE_INVITATION_BY_EMAIL = 'J',        /* canonical address, create us, invitation → - */
	TABLE_INVITATION_EXPIRY = 'x',          /* expire us, invitation → - */

	/* Documents: rows/document.c, rows/collection.c, rows/grant.c. A resource is 'd' and a
	 * document or 'c' and a collection. */
	TABLE_DOCUMENT = 'D',             /* document → Document */
	TABLE_DOCUMENT_BY_TIME = 'E',     /* create us, document → - */
	TABLE_DOCUMENT_COLLECTIONS = 'F', /* document → DocumentCollections */
	TABLE_COLLECTION = 'c',           /* collection → Collection */
	TABLE_COLLECTION_BY_TIME = 'C',   /* create us, collection → - */
	TABLE_COLLECTION_DOCUMENT = 'k', /* collection, create us of the document, document → - */
	TABLE_GRANT = 'g',               /* grant → Grant */
	TABLE_GRANT_BY_RESOURCE = 'G',   /* resource, organization → ResourceGrant */
	TABLE_GRANT_BY_TIME = 'H',       /* resource, create us, grant → - */
	TABLE_GRANT_BY_ORGANIZATION = 'r', /* organization, create us, grant → - */
	TABLE_GRANTED = 'a', /* organization, resource → -; a document after its us */

	/* The outbox: rows/delivery.c */
	TABLE_DELIVERY = 'y',         /* delivery → Delivery */
	TABLE_DELIVERY_DUE = 'Y',     /* due us, delivery → -: queued, or leased until then */
	TABLE_DELIVERY_BY_TIME = 'z', /* create us, delivery → - */

	/* Webhooks: rows/webhook.c */
	TABLE_WEBHOOK = 'W',      /* webhook → Webhook */
	TABLE_WEBHOOKS = 'V',     /* organization → Webhooks: of one that has some */
	TABLE_WEBHOOK_NEWS = 'N', /* organization → -: something happened that they may be told */
	TABLE_WEBHOOK_DUE = 'X',  /* due us, webhook → -: what waits, or is leased until then */
	TABLE_WEBHOOK_ATTEMPT = 'A', /* webhook, us → orgd.v1.WebhookAttempt */

	/* Every call: rows/request.c, rows/event.c, rows/usage.c, rows/chore.c */
	TABLE_REQUEST = 'R', /* day since 1970 as u16, keyed hash of who called what → Request */
	TABLE_EVENT_BY_ORGANIZATION = 'v', /* organization, us, index as u16, event → - */
	TABLE_PERSON_KEY = 'p',            /* person → PersonKey */
	TABLE_CHORE = 'w', /* chore as u8, due us, id → -: what a sweep has to finish */
	TABLE_USAGE = 'l', /* budget as u8, day as u16, keyed hash or id → Usage */
};
