"""The commands of `gatera data`."""

from __future__ import annotations

from gatera.cli.commands.reading import READING
from gatera.cli.options import DEBUG, HELP, Command, Invalid, Option, one_of, whole_number

#: A test compares them with those of the library.
RULES = ("mine", "theirs", "newest", "person")
SPLITS = ("train", "valid", "test", "")
LAYOUTS = ("tar", "folders")


def renaming(text: str) -> tuple[str, str]:
    """Return the two labels in "cat=kitten".

    Raises:
        Invalid: if it is not of that form.
    """
    old, sign, new = text.partition("=")
    if not (sign and old and new):
        raise Invalid(f"must be OLD=NEW, as in cat=kitten; got {text!r}")
    return old, new


def answers(text: str) -> list[str]:
    """Return the answers in "cat/3.jpg=dog,cat/4.jpg=mine"; given twice, the option is refused as other lists are.

    Raises:
        Invalid: if one is not of that form.
    """
    found = [entry.strip() for entry in text.split(",")]
    if not all(entry.rpartition("=")[0] for entry in found):
        raise Invalid(f"must be FILE=ANSWER, as in cat/3.jpg=dog; got {text!r}")
    return found


REPOSITORY = Option(
    "repository", "The data repository, or a folder in it.", ("-C", "--repository"), "Options", "FOLDER", ".",
    "the current folder", files=True,
)  # fmt: skip
JSON = Option("json", "Print JSON.", ("--json",), "Output")
BY = Option(
    "by", "The name of the person who gives the labels.", ("--by",), "Labels", "NAME", shown="git's user.name"
)
HTML = Option("html", "Also write a page with small pictures.", ("--html",), "Output", "FILE", files=True)
FORCE = Option("force", "Overwrite an existing page.", ("-f", "--force"), "Output")
MOST = Option(
    "most",
    "Show at most this many lines; 0 for all.",
    ("-n", "--most"),
    "Output",
    "N",
    40,
    convert=whole_number(0),
)
RULE = (
    *(
        Option(name, f"Settle conflicts: {words}.", (f"--{name}",), "Conflicts")
        for name, words in (
            ("mine", "the current branch wins"), ("theirs", "the other side wins"), ("newest", "the label given last wins"),
            ("person", "a person's label wins over a function's or a program's; other conflicts stay"),
        )
    ),
    Option("take", "Settle single items: FILE=mine, FILE=theirs or FILE=LABEL, separated by commas.", ("--take",), "Conflicts", "FILE=ANSWER", convert=answers),
    Option("answers", "Settle items by a table with columns file and answer; a merge with conflicts writes one to fill in.", ("--answers",), "Conflicts", "TABLE", files=True),
)  # fmt: skip
END = (HELP, DEBUG)

INIT = Command(
    "data init",
    "Turn a folder into a data repository.",
    (Option("folder", "The folder.", group="Arguments", metavar="FOLDER", default=".", optional=True, files=True, shown="the current folder"), *END),
    "gatera.cli.data.making:init",
    about=(
        "Labels are kept in labels.csv, under git; files are stored by content in .gatera/objects. The files in the folder are not changed.",
    ),
    examples=("gatera data init photos/",),
)  # fmt: skip

ADD = Command(
    "data add",
    "Add files to the repository, each with a row in labels.csv.",
    (
        Option("paths", "Files and folders.", group="Arguments", metavar="PATH", many=True, optional=True, files=True, shown="the whole repository"),
        Option("label", "The label of all new files.", ("--label",), "Labels", "LABEL", shown="the name of its folder, if the folders are classes", empty=True),
        Option(
            "label_from_folders", "Take the labels of new files from the names of their folders.", ("--folder-labels",), "Labels", negative=True,
            shown="where there are several",
        ),
        BY,
        Option("rows", "PATH is a table, and each of its rows is an item: its cells become columns of labels.csv.", ("--rows",), "Tables"),
        Option("key", "The column that identifies the rows.", ("--key",), "Tables", "COLUMN", shown="one with a name such as id, else rows are numbered"),
        Option("target", "The column of the label.", ("--target",), "Tables", "COLUMN", shown="label"),
        *READING,
        Option("removed", "Drop the items below PATH whose files are gone; with --rows, the rows that are not in the table.", ("--removed",), "Files"),
        Option(
            "link", "Make hard links instead of copies if the disk cannot share blocks: they take no space, and the files become read-only.",
            ("--link",), "Files",
        ),
        REPOSITORY, JSON, *END,
    ),
    "gatera.cli.data.making:add",
    about=(
        "Only files whose time, size or place on the disk has changed are read. Moved files keep their labels, except those that came from their folders. Nothing is committed.",
    ),
    examples=("gatera data add .", "gatera data add new-photos/ --label cat", "gatera data add photos/ --removed", "gatera data add reviews.csv --rows --key id --target sentiment"),
)  # fmt: skip

LABEL = Command(
    "data label",
    "Give, change or rename labels.",
    (
        Option("label", 'The label; - leaves it as it is, "" removes it.', group="Arguments", metavar="LABEL", optional=True, shown="needed without --from and --rename", empty=True),
        Option("paths", "The items: files, or folders for all items in them.", group="Arguments", metavar="PATH", many=True, optional=True, files=True, shown="needed with LABEL"),
        Option("from_table", "Take labels from a table with columns file and label (or split, group, note).", ("--from",), "Labels", "TABLE", files=True),
        Option("rename", "Rename a label across the repository.", ("--rename",), "Labels", "OLD=NEW", convert=renaming),
        Option("split", 'The side of the split; "" for none.', ("--split",), "Labels", "SIDE", convert=one_of(SPLITS), choices=SPLITS[:3]),
        Option("group", "The group; its items stay on the same side of a split.", ("--group",), "Labels", "NAME", empty=True),
        Option("note", "A note of any kind.", ("--note",), "Labels", "TEXT"),
        Option("source", "Where the label came from: function:NAME@HASH8 or program:NAME@HASH8.", ("--source",), "Labels", "SOURCE", shown="a person", empty=True),
        Option("replace", "Also replace labels that people gave by those of a function or program.", ("--replace",), "Labels"),
        BY, *READING, REPOSITORY, *END,
    ),
    "gatera.cli.data.making:label",
    examples=(
        "gatera data label dog cat/3.jpg cat/7.jpg",
        "gatera data label --rename cat=kitten",
        "gatera data label --from answers.csv --by Ann",
        "gatera data label - test-photos/ --split test",
    ),
)  # fmt: skip

STATUS = Command(
    "data status",
    "Show which labels and files differ from the last commit.",
    (REPOSITORY, JSON, *END),
    "gatera.cli.data.looking:status",
    examples=("gatera data status",),
)  # fmt: skip

DIFF = Command(
    "data diff",
    "Show which labels changed: in one line, then item by item.",
    (
        Option("before", "A commit or branch.", group="Arguments", metavar="BEFORE", optional=True, shown="the last commit"),
        Option("after", "Another.", group="Arguments", metavar="AFTER", optional=True, shown="the folder as it is"),
        MOST, HTML, FORCE, JSON, REPOSITORY, *END,
    ),
    "gatera.cli.data.looking:diff",
    examples=("gatera data diff", "gatera data diff HEAD~3 HEAD --html diff.html", "gatera data diff main ben"),
)  # fmt: skip

AGREE = Command(
    "data agree",
    "Measure the agreement of people who labelled the same items on separate branches.",
    (
        Option("branches", "The branches to compare with the current one.", group="Arguments", metavar="BRANCH", many=True),
        MOST, JSON, REPOSITORY, *END,
    ),
    "gatera.cli.data.agreeing:agree",
    about=(
        "Shows Cohen's kappa for each pair of branches, Krippendorff's alpha for more than two, which labels were confused, and the items to discuss. Only labels given since the branches diverged count, and those of functions only on a branch where no person labelled.",
    ),
    examples=("gatera data agree ben", "gatera data agree ben cleo --json"),
)  # fmt: skip

COMMIT = Command(
    "data commit",
    "Commit the labels.",
    (Option("message", "What changed.", ("-m", "--message"), "Options", "TEXT", shown="must be given"), REPOSITORY, JSON, *END),
    "gatera.cli.data.moving:commit",
    examples=("gatera data commit -m Relabelled",),
)  # fmt: skip

LOG = Command(
    "data log",
    "List the commits, and what each changed in the labels.",
    (
        Option("commit", "The last commit to show.", group="Arguments", metavar="COMMIT", optional=True, shown="the current one"),
        MOST._replace(help="Show at most this many commits; 0 for all.", default=20), REPOSITORY, JSON, *END,
    ),
    "gatera.cli.data.looking:log",
    examples=("gatera data log", "gatera data log ben --most 3"),
)  # fmt: skip

BLAME = Command(
    "data blame",
    "Show who or what gave an item its labels, and in which commits.",
    (
        Option("path", "The item.", group="Arguments", metavar="FILE", files=True),
        Option("commit", "The last commit to look at.", group="Arguments", metavar="COMMIT", optional=True, shown="the current one"),
        REPOSITORY, JSON, *END,
    ),
    "gatera.cli.data.looking:blame",
    examples=("gatera data blame cat/3.jpg",),
)  # fmt: skip

CHECKOUT = Command(
    "data checkout",
    "Switch to a branch or commit, or restore files as the labels record them.",
    (
        Option("name", "The branch, tag or commit.", group="Arguments", metavar="COMMIT", optional=True, shown="needed without --file"),
        Option("branch", "Create a branch of that name and switch to it.", ("-b", "--branch"), "Options"),
        Option("file", "Restore this file or folder, discarding changes in it.", ("--file",), "Options", "PATH", files=True),
        REPOSITORY, *END,
    ),
    "gatera.cli.data.moving:checkout",
    about=("Files that were changed but not added are left as they are, and named.",),
    examples=("gatera data checkout main", "gatera data checkout -b ben", "gatera data checkout --file cat/3.jpg"),
)  # fmt: skip

REVERT = Command(
    "data revert",
    "Undo what a commit changed in the labels, in a new commit.",
    (Option("commit", "The commit.", group="Arguments", metavar="COMMIT"), *RULE, HTML, FORCE, REPOSITORY, JSON, *END),
    "gatera.cli.data.moving:revert",
    about=("Items that have changed again since are conflicts: nothing is done until they are settled.",),
    examples=("gatera data revert HEAD", "gatera data revert a1b2c3d --mine"),
)  # fmt: skip

MERGE = Command(
    "data merge",
    "Merge another branch's labels, item by item.",
    (
        Option("name", "The branch or commit.", group="Arguments", metavar="BRANCH"),
        *RULE, Option("message", "The message of the commit.", ("-m", "--message"), "Options", "TEXT", shown='"Merge BRANCH"'),
        HTML, FORCE, REPOSITORY, JSON, *END,
    ),
    "gatera.cli.data.moving:merge",
    about=(
        "Items that both sides changed differently are conflicts. They are shown with both answers, and nothing is merged until all are settled, by a rule or item by item.",
    ),
    examples=("gatera data merge ben", "gatera data merge ben --newest", "gatera data merge ben --take cat/3.jpg=dog"),
)  # fmt: skip

RESOLVE = Command(
    "data resolve",
    "Settle label conflicts that git merge, git rebase or git pull left.",
    (*RULE, HTML, FORCE, REPOSITORY, JSON, *END),
    "gatera.cli.data.moving:resolve",
    about=(
        "Without a rule or answers, it shows the conflicts. Conflicts settled by hand in labels.csv take precedence. It says how to finish the git operation. In a rebase, mine is the commit being moved.",
    ),
    examples=("gatera data resolve", "gatera data resolve --newest", "gatera data resolve --take cat/3.jpg=dog"),
)  # fmt: skip

MERGE_FILE = Command(
    "data merge-file",
    "Merge three files of labels item by item; git calls this.",
    (
        Option("mine", "The current side, which is overwritten.", group="Arguments", metavar="MINE", files=True),
        Option("base", "The common ancestor of both.", group="Arguments", metavar="BASE", files=True),
        Option("theirs", "The other side.", group="Arguments", metavar="THEIRS", files=True),
        Option("path", "The name of the file, for messages.", group="Arguments", metavar="NAME", optional=True, shown="MINE"),
        *END,
    ),
    "gatera.cli.data.moving:merge_file",
    about=("The exit status is 0 if everything merged, and 3 if there are conflicts, which are then between git's conflict markers.",),
    examples=("gatera data merge-file labels.csv before.csv theirs.csv",),
)  # fmt: skip

PRUNE = Command(
    "data prune",
    "Count or remove stored files that nothing names any more.",
    (
        Option("remove", "Remove them. Without it, nothing changes.", ("--remove",), "Options"),
        REPOSITORY, JSON, *END,
    ),
    "gatera.cli.data.moving:prune",
    about=(
        "These were added and never committed, or belong to commits that git has dropped. What a commit, a stash, git's index, its log of earlier "
        "commits or the labels of a working folder name stays.",
    ),
    examples=("gatera data prune", "gatera data prune --remove"),
)  # fmt: skip

VERIFY = Command(
    "data verify",
    "Check that every file that the labels name is stored intact.",
    (
        Option("history", "Look at every commit of every branch.", ("--all",), "Options"),
        Option("repair", "Restore damaged and missing objects: from the files if they have the same bytes, else from the remote.", ("--repair",), "Options"),
        REPOSITORY, JSON, *END,
    ),
    "gatera.cli.data.moving:verify",
    about=("The exit status is 1 if something is wrong.",),
    examples=("gatera data verify", "gatera data verify --all --repair"),
)  # fmt: skip

REMOTE = Option(
    "remote", "A folder, or an address such as s3://bucket/path.", group="Arguments", metavar="REMOTE", optional=True, files=True, shown="the first one used",
)  # fmt: skip

PUSH = Command(
    "data push",
    "Send the current branch with its files to a remote.",
    (
        REMOTE, Option("again", "Send all files again: some may be damaged or deleted there.", ("--again",), "Options"),
        REPOSITORY, JSON, *END,
    ),
    "gatera.cli.data.remotes:push",
    about=("Only what the remote lacks is sent. After an error, the same command continues.",),
    examples=("gatera data push /mnt/team/photos", "gatera data push", "gatera data push --again"),
)  # fmt: skip

PULL = Command(
    "data pull",
    "Fetch a branch with its files from a remote, and merge it.",
    (REMOTE, Option("branch", "The branch.", ("--branch",), "Options", "NAME", shown="the current one"), REPOSITORY, JSON, *END),
    "gatera.cli.data.remotes:pull",
    about=("Every file is checked by its hash. Conflicts are settled as in gatera data merge; what was fetched stays.",),
    examples=("gatera data pull",),
)  # fmt: skip

CLONE = Command(
    "data clone",
    "Fetch a data repository from a remote into a new folder.",
    (
        REMOTE._replace(optional=False, shown=None),
        Option("folder", "The folder, which must be new or empty.", group="Arguments", metavar="FOLDER", optional=True, files=True, shown="named after the remote"),
        Option("branch", "The branch.", ("--branch",), "Options", "NAME", shown="main, master, or the only one"),
        *END,
    ),
    "gatera.cli.data.remotes:clone",
    examples=("gatera data clone /mnt/team/photos", "gatera data clone s3://team/photos photos/"),
)  # fmt: skip

SHARD = Command(
    "data shard",
    "Write a commit for other tools: tar files (WebDataset), or folders (Hugging Face).",
    (
        Option("folder", "The folder to write, which must be new or empty.", group="Arguments", metavar="FOLDER", files=True),
        Option("at", "The branch, tag or commit.", ("--at",), "Options", "COMMIT", "HEAD"),
        Option(
            "layout", "tar: numbered tar files, as WebDataset has them; folders: the files, with a metadata.jsonl for each split.",
            ("--layout",), "Options", "LAYOUT", "tar", convert=one_of(LAYOUTS), choices=LAYOUTS,
        ),
        Option("shard_mb", "Start a new tar file after this many megabytes.", ("--shard-mb",), "Options", "MB", 500, convert=whole_number(1)),
        REPOSITORY, JSON, *END,
    ),
    "gatera.cli.data.remotes:shard",
    about=(
        "The same commit gives the same bytes. Both layouts are read by load_dataset(FOLDER) of the package datasets, the tar files also by "
        "webdataset and Ray. What is known about an item, its label first, is in its .json, or in its line of metadata.jsonl.",
    ),
    examples=("gatera data shard ../photos-tar", "gatera data shard ../photos-hf --layout folders --at v3"),
)  # fmt: skip

COMMANDS = (
    INIT,
    ADD,
    LABEL,
    STATUS,
    DIFF,
    AGREE,
    COMMIT,
    LOG,
    BLAME,
    CHECKOUT,
    REVERT,
    MERGE,
    RESOLVE,
    MERGE_FILE,
    PUSH,
    PULL,
    CLONE,
    SHARD,
    VERIFY,
    PRUNE,
)
