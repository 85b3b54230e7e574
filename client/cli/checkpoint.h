/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "ask.h"

/*
 * A checkpoint of the event chain that was kept in a file, as orgctl event checkpoint writes it.
 * What its signature is worth is a matter of the key: whoever can change the file can put a key of
 * their own into it, so the one to trust is written down elsewhere.
 */

/* Reads the file that --against names and checks its signature: by --public-key if that is given,
 * which then must be the one in the file. Ends the process when anything is wrong. To be freed with
 * org_message_free. */
Orgd__V1__Checkpoint *checkpoint_read(struct cli *cli);
