#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs long random histories against orgd and against the model of SPEC.md, and compares every answer.

    test_model.py                fixed seeds, some 20 seconds; ORGD_TESTS_LONG=1: many and a fresh one, for minutes
    test_model.py SEED [STEPS]   one seed again, as a disagreement names it"""
import copy
import os
import random
import sys
import time

from history import History, Step, call, prelude
from model import Model
from subject import Subject, fits
from words import INVALID_ARGUMENT, NOT_FOUND, Lifecycle, UserState

FIXED_SEEDS, STEPS, COMPARED_EVERY = (1, 2, 3, 4), 2000, 100
AT_ONCE = 16
SETTLES_WITHIN_S = 30
SHRINKING_S = 60
SWEPT = ("UserService/EraseUser", "DocumentService/DeleteDocument", "DocumentService/DeleteCollection")


class Disagreement(Exception):
    """The model and orgd do not say the same."""


class Run:
    """One history on a daemon and a model of its own, both as the prelude left them."""

    def __init__(self, template=None):
        self.orgd = Subject(template and template.orgd)
        self.model = copy.deepcopy(template.model) if template else Model({})
        self.model.names = self.orgd.names
        # What was committed by which call, and what a batch call may have committed on its way.
        self.committed, self.on_the_way, self.head = {}, {0}, 0
        self.revision = template.revision if template else 0  # up to here, events are compared
        self.orgd.start()

    def step(self, step):
        """One step on both sides."""
        if step.method == "advance":
            self.orgd.advance(step.request["seconds"])
            self.model.advance(step.request["seconds"])
            self.orgd.take_mails()
            self.settle()
        elif step.method == "compare":
            self.compare()
        else:
            reply, _ = self.ask(step)
            if not reply.code and step.method in SWEPT and reply.committed:
                self.settle()

    def ask(self, step, hop=None):
        """One call to both. Every answer is compared, and whether it changed anything."""
        if step.crash:
            self.orgd.send(step)
            self.orgd.kill()
        answer, reply = self.model.call(step), self.orgd.call(step, hop)
        # Where rights depend on what is asked about, orgd may say that it is not there before it looks at the rest.
        absent = answer.absent and answer.code == INVALID_ARGUMENT and reply.code == NOT_FOUND
        if not fits(answer.code, answer.reasons, reply.code, reply.reason) and not absent:
            expected = f"{answer.code} {' or '.join(answer.reasons)}" if answer.code else f"OK {answer.fields}"
            raise Disagreement(f"{step}\n    model: {expected}\n    orgd:  {self.orgd.named(reply)}")
        found = [] if reply.code else list(self.orgd.differences(reply.message, answer.fields))
        if reply.committed != answer.changed and "Batch" not in step.method and not step.crash:
            found.append(f"committed: model {answer.changed}, orgd {reply.committed}")
        if found:
            raise Disagreement(f"{step}\n    " + "\n    ".join(found))
        if "Batch" in step.method:
            self.on_the_way.update(range(self.head + 1, self.orgd.head() + 1))
        elif answer.changed:
            self.committed[reply.revision] = step
        self.head = max(self.head, reply.revision, *self.on_the_way)
        return reply, answer

    def settle(self):
        """Waits until sweeps have done their part: until what can be seen is what should be."""
        end = time.monotonic() + SETTLES_WITHIN_S
        while True:
            try:
                return self.compare()
            except Disagreement:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def compare(self):
        """Everything that can be seen, and the answers about access with each other."""
        views = list(self.views())
        for at in range(0, len(views), AT_ONCE):
            under_way = [(step, self.orgd.send(step)) for step in views[at:at + AT_ONCE]]
            for step, hop in under_way:
                self.ask(step, hop)
        self.compare_events()

    def views(self):
        model = self.model
        users = [user for user in model.users if user in self.orgd.names]
        yield call("", "OrganizationService/ListOrganizations")
        yield call("", "OrganizationService/ListOrganizations", lifecycle=Lifecycle.DELETED, page_size=1)
        yield call("", "VerificationService/ListQueue")
        yield call("", "UserService/ListUsers", page_size=3)
        yield call("", "ApiKeyService/ListApiKeys")
        for user in users:
            yield call("", "UserService/GetUser", user_id=user)
            if model.users[user].state != UserState.ERASED:
                yield call("", "OrganizationService/ListMyOrganizations", user_id=user)
                yield call("", "SessionService/ListSessions", user_id=user)
        for name in model.organizations:
            yield call("", "OrganizationService/GetOrganization", organization_id=name)
            yield call("", "MemberService/ListMembers", organization_id=name, page_size=2)
            yield call("", "InvitationService/ListInvitations", organization_id=name)
            yield call("", "VerificationService/ListDecisions", organization_id=name)
            yield call("", "DocumentService/ListGrants", organization_id=name)
        yield call("", "DocumentService/ListDocuments")
        yield call("", "DocumentService/ListCollections")
        checks = [{"user_id": user, "document_id": document, "permission": permission} for user in users
                  for document in model.documents for permission in (1, 2, 3)][-1000:]
        for check in checks:
            yield call("", "AccessService/Check", **check, with_reason=True)
            yield call("", "AccessService/ExplainAccess", **check)
        if checks:
            yield call("", "AccessService/BatchCheck", checks=checks)
        for permission in (1, 2, 3):
            for user in users:
                yield call("", "AccessService/ListUserDocuments", user_id=user, permission=permission, page_size=2)
            for document in model.documents:
                yield call("", "AccessService/ListDocumentUsers", document_id=document, permission=permission,
                           page_size=2)

    def compare_events(self):
        """One event per fact: each change made one at least, and nothing else did but what orgd does by itself."""
        last = max(self.committed, default=0)
        while self.revision < last:
            message = self.orgd.ask("EventService/WatchEvents", from_revision=self.revision + 1, max_events=1000)
            by_callers = {e.revision for e in message.events if e.actor.kind not in ("system", "courier")}
            for revision in by_callers - self.committed.keys() - self.on_the_way:
                raise Disagreement(f"events of revision {revision}, which no call made: {self.orgd.named(message)}")
            for revision in range(self.revision + 1, message.next_revision):
                if revision in self.committed and revision not in by_callers:
                    raise Disagreement(f"{self.committed[revision]}\n    committed, and made no event")
            self.revision = message.next_revision - 1

    def end(self):
        self.orgd.end()


class Template(Run):
    """What every history begins with, made once."""

    def __init__(self):
        super().__init__()
        for step in prelude():
            self.ask(step)
        self.compare()
        self.revision = max(self.committed)
        self.orgd.client.close()
        self.orgd.stop()


def replay(template, steps):
    """What the model and orgd disagree about in a history, or None."""
    run = Run(template)
    try:
        for step in steps:
            run.step(step)
    except Disagreement as disagreement:
        return str(disagreement)
    finally:
        run.end()
    return None


def play(template, seed, count):
    """A history of a seed: its steps, and what the model and orgd disagree about, or None."""
    run, steps = Run(template), []
    history = History(seed, run.model)
    try:
        while len(steps) < count:
            compares = len(steps) % COMPARED_EVERY == COMPARED_EVERY - 1
            steps.append(Step(f"{len(steps)}", "compare") if compares else history.next())
            run.step(steps[-1])
    except Disagreement as disagreement:
        return steps, str(disagreement)
    finally:
        run.end()
    return steps, None


def shrink(template, steps):
    """The shortest history found that still ends in a disagreement: without ever smaller pieces of it."""
    end, size = time.monotonic() + SHRINKING_S, len(steps) // 2
    text = None
    while size and time.monotonic() < end:
        at, shorter = 0, False
        while at < len(steps) - 1 and time.monotonic() < end:
            attempt = steps[:at] + steps[min(at + size, len(steps) - 1):]
            found = replay(template, attempt)
            if found:
                steps, text, shorter = attempt, found, True
            else:
                at += size
        if not shorter or size > 1:
            size //= 2
    return steps, text


def report(template, seed, steps, disagreement):
    print(f"seed {seed}, step {len(steps)}: {disagreement}", flush=True)
    shortest, text = shrink(template, steps)
    print(f"\nThe shortest history found, of {len(shortest)} steps:")
    for step in shortest:
        print(f"  {step}")
    print(f"It ends in: {text or disagreement}\nAgain: {sys.argv[0]} {seed} {len(steps)}", flush=True)


def main(arguments):
    if arguments:
        seeds, count = [int(arguments[0])], int((arguments + [STEPS])[1])
    else:
        seeds, count = FIXED_SEEDS, STEPS
        if os.environ.get("ORGD_TESTS_LONG"):
            seeds = [*range(1, 60), random.SystemRandom().randrange(10**9)]
    template, done, failed = Template(), 0, 0
    try:
        for seed in seeds:
            began = time.monotonic()
            steps, disagreement = play(template, seed, count)
            done += len(steps)
            print(f"seed {seed}: {len(steps)} steps in {time.monotonic() - began:.1f} s", flush=True)
            if disagreement:
                failed += 1
                report(template, seed, steps, disagreement)
                break
    finally:
        template.end()
    print(f"{done} steps of {len(seeds)} histories, {failed} disagreements")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
