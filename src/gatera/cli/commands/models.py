"""The commands of the registry of programs: `gatera models add`, `list`, `show` and others."""

from __future__ import annotations

from gatera.cli.options import DEBUG, HELP, Command, Option

REGISTRY = Option(
    "registry", "The folder of the registry.", ("--registry",), "Options", "FOLDER", files=True,
    shown="$GATERA_REGISTRY, else your own",
)  # fmt: skip
JSON = Option("json", "Print JSON instead of text.", ("--json",), "Output")
NOTE = Option("note", "A note to keep with it.", ("-m", "--note"), "Options", "TEXT", shown="nothing")
BY = Option("by", "The author of the change.", ("--by",), "Options", "NAME", shown="git's user.name")
REMOTE = Option(
    "remote", "A folder, an address such as s3://bucket/path, or hf://USER/NAME for the Hugging Face hub.", ("--remote",), "Options",
    "ADDRESS", shown="the one used last",
)  # fmt: skip
KEY = Option(
    "key", "A public key that must have signed it: NAME, or NAME=ed25519:...; several are allowed.", ("--key",), "Options", "KEY", many=True,
)  # fmt: skip
QUIET_END = (REGISTRY, HELP, DEBUG)


def _version(help: str, name: str = "version") -> Option:
    return Option(name, help, group="Arguments", metavar=name.upper())


VERSION = _version("A version: cats@v3, cats@production, cats@latest; cats alone is the newest.")

ADD = Command(
    "models add",
    "Add a program to the registry as the next version of a model.",
    (
        Option("program", "The program file; it stays where it is.", group="Arguments", metavar="PROGRAM", files=True),
        Option(
            "model", "The model's name.", group="Arguments", metavar="MODEL", optional=True, shown="the file's name without .gatera",
        ),
        Option("tag", "A tag for it, such as production.", ("--tag",), "Options", "TAG"),
        NOTE, BY,
        Option("data", "The data commit that it was made from.", ("--data",), "Made from", "COMMIT", shown="what the program says"),
        Option("code", "The commit of the code that made it.", ("--code",), "Made from", "COMMIT", shown="what the program says"),
        Option("sign", "Sign it with your private key of this name; see gatera models key.", ("--sign",), "Options", "NAME"),
        JSON, *QUIET_END,
    ),
    "gatera.cli.models.adding:add",
    about=(
        "A program that the model has already is not added twice. What it was made from (data, code, weights it started from) is read "
        "from the program.",
    ),
    examples=(
        "gatera models add cats.gatera",
        'gatera models add photos.gatera cats --tag production --note "kittens"',
    ),
)  # fmt: skip

LIST = Command(
    "models list",
    "List models, or the versions of one.",
    (
        Option("model", "List the versions of this model.", group="Arguments", metavar="MODEL", optional=True, shown="all models"),
        Option("remote", "List what a remote has.", ("--remote",), "Options", "ADDRESS", shown="this machine's registry"),
        JSON, *QUIET_END,
    ),
    "gatera.cli.models.showing:list_models",
    examples=("gatera models list", "gatera models list cats", "gatera models list --remote s3://bucket/programs"),
)  # fmt: skip

SHOW = Command(
    "models show",
    "Show what is known about a version, and its card.",
    (VERSION, JSON, *QUIET_END),
    "gatera.cli.models.showing:show",
    examples=("gatera models show cats@production", "gatera models show cats@v3 --json"),
)  # fmt: skip

TAG = Command(
    "models tag",
    "Point a tag at a version, or show its history.",
    (
        _version("A version; without TAG, or with --history, the model alone is enough."),
        Option("tag", "The tag, such as production.", group="Arguments", metavar="TAG", optional=True, shown="list the model's tags"),
        Option("delete", "Remove the tag; its history stays.", ("--delete",), "Options"),
        Option("history", "Show which versions the tag has pointed at.", ("--history",), "Options"),
        NOTE, BY, JSON, *QUIET_END,
    ),
    "gatera.cli.models.adding:tag",
    about=("Programs open by their tag: gatera predict cats@production photo.jpg, or load_program of the same name in Python.",),
    examples=(
        "gatera models tag cats@v3 production",
        "gatera models tag cats production --history",
        "gatera models tag cats",
    ),
)  # fmt: skip

ROLLBACK = Command(
    "models rollback",
    "Move a tag back to the version that it pointed at before.",
    (
        Option("model", "The model.", group="Arguments", metavar="MODEL"),
        Option("tag", "The tag.", group="Arguments", metavar="TAG", default="production", optional=True),
        NOTE, BY, JSON, *QUIET_END,
    ),
    "gatera.cli.models.adding:rollback",
    examples=("gatera models rollback cats",),
)  # fmt: skip

WITHDRAW = Command(
    "models withdraw",
    "Mark a version as faulty: latest skips it, and anyone who asks for it is told.",
    (
        _version("The version, such as cats@v3."),
        Option("undo", "Undo the withdrawal.", ("--undo",), "Options"),
        NOTE, BY, JSON, *QUIET_END,
    ),
    "gatera.cli.models.adding:withdraw",
    about=("The version and its file stay: projects that have locked it still get it, and a line says that it was withdrawn, by whom and why.",),
    examples=('gatera models withdraw cats@v3 --note "mislabelled"', "gatera models withdraw cats@v3 --undo"),
)  # fmt: skip

DIFF = Command(
    "models diff",
    "Show what differs between two versions, and which is better on the same items.",
    (
        _version("A version, or a program file.", "first"),
        _version("Another.", "second"),
        Option(
            "on", "Measure both on these labelled items, with a paired test; as SOURCE of gatera test.", ("--on",), "Options", "SOURCE",
            files=True, shown="compare what is known about them",
        ),
        Option(
            "target", "The column of the labels, where SOURCE is a table.", ("--target",), "Options", "COLUMN",
            shown="that of training",
        ),
        JSON, *QUIET_END,
    ),
    "gatera.cli.models.diff:diff",
    examples=(
        "gatera models diff cats@production cats@latest --on new-photos/",
        "gatera models diff cats@v2 cats.gatera",
    ),
)  # fmt: skip

PUSH = Command(
    "models push",
    "Send models with their versions and tags to a remote.",
    (
        Option("models", "The models.", group="Arguments", metavar="MODEL", many=True, optional=True, shown="all"),
        REMOTE,
        Option("again", "Send all files again: some may be damaged there.", ("--again",), "Options"),
        JSON, *QUIET_END,
    ),
    "gatera.cli.models.moving:push",
    about=(
        "What the remote has is not sent again; if the connection breaks, run the command again. hf://USER/NAME takes one version (cats@v3), with its card as the page.",
    ),
    examples=("gatera models push cats --remote s3://bucket/programs", "gatera models push cats@v3 --remote hf://ann/cats"),
)  # fmt: skip

PULL = Command(
    "models pull",
    "Fetch models or single versions from a remote.",
    (
        Option(
            "versions", "Models (with all versions) or versions: cats, cats@v3, cats@production.", group="Arguments", metavar="VERSION",
            many=True, optional=True, shown="all models of the remote",
        ),
        REMOTE,
        Option("locked", "Fetch exactly what the lock file says, or fail.", ("--locked",), "Options"),
        Option("lock", "The lock file.", ("--lock",), "Options", "FILE", "gatera.lock", files=True),
        KEY,
        Option(
            "renumber", "Where the remote has another program under the same version, take it and give yours the next number.",
            ("--renumber",), "Options",
        ),
        JSON, *QUIET_END,
    ),
    "gatera.cli.models.moving:pull",
    about=("Sizes and hashes are checked before anything is read, and nothing is executed.",),
    examples=(
        "gatera models pull cats --remote s3://bucket/programs",
        "gatera models pull cats@production --key ann",
        "gatera models pull --locked",
    ),
)  # fmt: skip

LOCK = Command(
    "models lock",
    "Record in a lock file exactly which versions a project uses.",
    (
        Option("versions", "Versions: cats@production.", group="Arguments", metavar="VERSION", many=True),
        Option("out", "The lock file; programs that it names already stay in it.", ("-o", "--out"), "Output", "FILE", "gatera.lock", files=True),
        Option("key", "The public key that must have signed them: NAME, or NAME=ed25519:...", ("--key",), "Options", "KEY"),
        REMOTE, JSON, *QUIET_END,
    ),
    "gatera.cli.models.moving:lock",
    about=("Keep the lock file in the project's repository. gatera models pull --locked then fetches the same programs anywhere.",),
    examples=("gatera models lock cats@production", "gatera models lock cats@v3 dogs@v1 --key ann --out models.lock"),
)  # fmt: skip

VERIFY = Command(
    "models verify",
    "Check every file, description, tag and signature of the registry.",
    (
        Option("models", "The models.", group="Arguments", metavar="MODEL", many=True, optional=True, shown="all"),
        KEY, JSON, *QUIET_END,
    ),
    "gatera.cli.models.showing:verify",
    examples=("gatera models verify", "gatera models verify cats --key ann"),
)  # fmt: skip

LINEAGE = Command(
    "models lineage",
    "Draw what a version came from, down to the labels.",
    (
        VERSION,
        Option("svg", "Also write it as a picture.", ("--svg",), "Output", "FILE", files=True),
        Option("force", "Overwrite an existing picture.", ("-f", "--force"), "Output"),
        JSON, *QUIET_END,
    ),
    "gatera.cli.models.showing:show_lineage",
    examples=("gatera models lineage cats@production --svg cats.svg",),
)  # fmt: skip

KEYS = Command(
    "models key",
    "Create a key pair to sign programs with, or show the public keys.",
    (
        Option("name", "The name of a new key; if it exists, its public half is shown.", group="Arguments", metavar="NAME", optional=True, shown="list keys"),
        JSON, HELP, DEBUG,
    ),
    "gatera.cli.models.adding:key",
    about=("The private key stays on this machine, readable only by you. Give the public key to the people who use your programs.",),
    examples=("gatera models key ann",),
)  # fmt: skip

COMMANDS = (ADD, LIST, SHOW, TAG, ROLLBACK, WITHDRAW, DIFF, PUSH, PULL, LOCK, VERIFY, LINEAGE, KEYS)
