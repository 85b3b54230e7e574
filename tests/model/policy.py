# SPDX-License-Identifier: Apache-2.0
"""Who may do what: the table of SPEC.md, section 3, as one that a program reads."""

TABLE = """
action                  member admin owner outsider reviewer platform scope
create organization     yes    yes   yes   yes      yes      yes      -
get organization        yes    yes   yes   no       yes      yes      organizations.read
list organizations      no     no    no    no       yes      yes      organizations.read
update profile          no     yes   yes   no       no       yes      -
answer reviewers        no     no    yes   no       no       yes      -
decide verification     no     no    no    no       yes      yes      -
list decisions          no     yes   yes   no       yes      yes      -
suspend                 no     no    no    no       no       yes      -
invite                  no     yes   yes   no       no       yes      -
invite owner            no     no    yes   no       no       yes      -
change role             no     yes   yes   no       no       yes      -
change owner            no     no    yes   no       no       yes      -
remove member           no     yes   yes   no       no       yes      -
remove owner            no     no    yes   no       no       yes      -
leave                   yes    yes   yes   no       no       no       -
set primary contact     no     no    yes   no       no       yes      -
delete organization     no     no    yes   no       no       yes      -
read events             no     yes   yes   no       no       yes      events
write documents         no     no    no    no       no       yes      documents
check anyone            no     no    no    no       no       yes      check
administer              no     no    no    no       no       yes      -
"""


def rows():
    header, *lines = TABLE.strip().splitlines()
    columns = header.split()[1:]
    for line in lines:
        *words, scope = line.split()
        answers = words[1 - len(columns):]
        yield " ".join(words[:1 - len(columns)]), {
            **{column: answer == "yes" for column, answer in zip(columns, answers)}, "scope": scope}


POLICY = dict(rows())
ROLES = ("outsider", "member", "admin", "owner")  # the columns of the roles, by Role
