# bash completion for gatera. Made from the options of the command by gatera.cli.completions.scripts; changes here are lost.

_gatera() {
    local cur prev command word flags values
    cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=
    # readline makes three words of --option=value
    if [[ $cur == = ]]; then
        cur=
    elif [[ $prev == = ]]; then
        prev=${COMP_WORDS[COMP_CWORD-2]}
    fi
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        [[ $word == -* ]] && continue
        [[ $word == help && ! $command ]] && continue # "gatera help data" goes on as "gatera data" does
        command=${command:+$command }$word
        case $command in data|label|models) ;; *) break ;; esac
    done
    flags= values=
    case $command in
        train)
            flags="--task --target --text --label-from --group-by --time-by --split --check-leaks --no-check-leaks --valid-pct --test-pct --class-level --mask-values --seed --delimiter --encoding --decimal --header --sheet --classes --numbers --drop --user --item --rating --model --arch --weights --epochs --freeze-epochs --lr --learning-rate --batch-size --bs --size --augment --no-augment --device --resume --restart -o --out --report --embeddings --slim -f --force --config --like --json -h --help --debug"
            case $prev in
                --target|--text|--label-from|--group-by|--time-by|--valid-pct|--test-pct|--class-level|--mask-values|--seed|--delimiter|--encoding|--decimal|--header|--sheet|--classes|--numbers|--drop|--user|--item|--rating|--arch|--weights|--epochs|--freeze-epochs|--lr|--learning-rate|--batch-size|--bs|--size|--device|--resume|-o|--out|--report|--config|--like) ;;
                --task) values="auto photos masks sound text table recommend" ;;
                --split) values="auto random groups time" ;;
                --model) values="best network trees linear words both" ;;
                *) values="" ;;
            esac
            ;;
        predict)
            flags="--user --delimiter --encoding --header --sheet --names -0 --null --json --csv --save --save-as --top --sure --engine --precision --batch-size --trusted -h --help --debug"
            case $prev in
                --user|--delimiter|--encoding|--header|--sheet|--save|--top|--sure|--batch-size) ;;
                --save-as) values="auto labels drawn masks" ;;
                --engine) values="auto onnxruntime openvino" ;;
                --precision) values="float32 fast" ;;
                *) values="" ;;
            esac
            ;;
        serve)
            flags="--host -p --port --prefix --token-file --open --host-name --allow-origin --trusted --body-limit --pixel-limit --max-wait --drain --batch-size --sure --log --log-inputs --reload --no-reload -h --help --debug"
            case $prev in
                --host|-p|--port|--prefix|--token-file|--host-name|--allow-origin|--body-limit|--pixel-limit|--max-wait|--drain|--batch-size|--sure|--log) ;;
                *) values="" ;;
            esac
            ;;
        test)
            flags="--sealed --target --label-from --side --trained-on --delimiter --encoding --header --sheet --json --csv --report --max-error -f --force --engine --batch-size --trusted -h --help --debug"
            case $prev in
                --sealed|--target|--label-from|--trained-on|--delimiter|--encoding|--header|--sheet|--report|--max-error|--batch-size) ;;
                --side) values="test valid train all" ;;
                --engine) values="auto onnxruntime openvino" ;;
                *) values="" ;;
            esac
            ;;
        report)
            flags="--data -o --out --target --label-from --side --trained-on --delimiter --encoding --header --sheet --check-leaks --no-check-leaks --inside --no-inside --json -f --force --engine --trusted -h --help --debug"
            case $prev in
                --data|-o|--out|--target|--label-from|--trained-on|--delimiter|--encoding|--header|--sheet) ;;
                --side) values="test valid train all" ;;
                --engine) values="auto onnxruntime openvino" ;;
                *) values="" ;;
            esac
            ;;
        explain)
            flags="-o --out --method --label --units --json -f --force --patch --stride --layer --rows --beside --trusted -h --help --debug"
            case $prev in
                -o|--out|--label|--units|--patch|--stride|--layer|--rows|--beside) ;;
                --method) values="both occlusion gradcam integrated_gradients" ;;
                *) values="" ;;
            esac
            ;;
        export)
            flags="--web --title -f --force --runtime --trusted -h --help --debug"
            case $prev in
                --web|--title|--runtime) ;;
                *) values="" ;;
            esac
            ;;
        mcp)
            flags="--files --trusted -h --help --debug"
            case $prev in
                --files) ;;
                *) values="" ;;
            esac
            ;;
        seal)
            flags="-o --out --json -f --force -h --help --debug"
            case $prev in
                -o|--out) ;;
                *) values="" ;;
            esac
            ;;
        'data init')
            flags="-h --help --debug"
            case $prev in
                *) values="" ;;
            esac
            ;;
        'data add')
            flags="--label --folder-labels --no-folder-labels --by --rows --key --target --delimiter --encoding --header --sheet --removed --link -C --repository --json -h --help --debug"
            case $prev in
                --label|--by|--key|--target|--delimiter|--encoding|--header|--sheet|-C|--repository) ;;
                *) values="" ;;
            esac
            ;;
        'data label')
            flags="--from --rename --split --group --note --source --replace --by --delimiter --encoding --header --sheet -C --repository -h --help --debug"
            case $prev in
                --from|--rename|--group|--note|--source|--by|--delimiter|--encoding|--header|--sheet|-C|--repository) ;;
                --split) values="train valid test" ;;
                *) values="" ;;
            esac
            ;;
        'data status')
            flags="-C --repository --json -h --help --debug"
            case $prev in
                -C|--repository) ;;
                *) values="" ;;
            esac
            ;;
        'data diff')
            flags="-n --most --html -f --force --json -C --repository -h --help --debug"
            case $prev in
                -n|--most|--html|-C|--repository) ;;
                *) values="" ;;
            esac
            ;;
        'data agree')
            flags="-n --most --json -C --repository -h --help --debug"
            case $prev in
                -n|--most|-C|--repository) ;;
                *) values="" ;;
            esac
            ;;
        'data commit')
            flags="-m --message -C --repository --json -h --help --debug"
            case $prev in
                -m|--message|-C|--repository) ;;
                *) values="" ;;
            esac
            ;;
        'data log')
            flags="-n --most -C --repository --json -h --help --debug"
            case $prev in
                -n|--most|-C|--repository) ;;
                *) values="" ;;
            esac
            ;;
        'data blame')
            flags="-C --repository --json -h --help --debug"
            case $prev in
                -C|--repository) ;;
                *) values="" ;;
            esac
            ;;
        'data checkout')
            flags="-b --branch --file -C --repository -h --help --debug"
            case $prev in
                --file|-C|--repository) ;;
                *) values="" ;;
            esac
            ;;
        'data revert')
            flags="--mine --theirs --newest --person --take --answers --html -f --force -C --repository --json -h --help --debug"
            case $prev in
                --take|--answers|--html|-C|--repository) ;;
                *) values="" ;;
            esac
            ;;
        'data merge')
            flags="--mine --theirs --newest --person --take --answers -m --message --html -f --force -C --repository --json -h --help --debug"
            case $prev in
                --take|--answers|-m|--message|--html|-C|--repository) ;;
                *) values="" ;;
            esac
            ;;
        'data resolve')
            flags="--mine --theirs --newest --person --take --answers --html -f --force -C --repository --json -h --help --debug"
            case $prev in
                --take|--answers|--html|-C|--repository) ;;
                *) values="" ;;
            esac
            ;;
        'data merge-file')
            flags="-h --help --debug"
            case $prev in
                *) values="" ;;
            esac
            ;;
        'data push')
            flags="--again -C --repository --json -h --help --debug"
            case $prev in
                -C|--repository) ;;
                *) values="" ;;
            esac
            ;;
        'data pull')
            flags="--branch -C --repository --json -h --help --debug"
            case $prev in
                --branch|-C|--repository) ;;
                *) values="" ;;
            esac
            ;;
        'data clone')
            flags="--branch -h --help --debug"
            case $prev in
                --branch) ;;
                *) values="" ;;
            esac
            ;;
        'data shard')
            flags="--at --layout --shard-mb -C --repository --json -h --help --debug"
            case $prev in
                --at|--shard-mb|-C|--repository) ;;
                --layout) values="tar folders" ;;
                *) values="" ;;
            esac
            ;;
        'data verify')
            flags="--all --repair -C --repository --json -h --help --debug"
            case $prev in
                -C|--repository) ;;
                *) values="" ;;
            esac
            ;;
        'data prune')
            flags="--remove -C --repository --json -h --help --debug"
            case $prev in
                -C|--repository) ;;
                *) values="" ;;
            esac
            ;;
        'label apply')
            flags="--text --majority --at-least --on-fault --workers --again --json -h --help --debug"
            case $prev in
                --text|--at-least|--workers) ;;
                --on-fault) values="count raise" ;;
                *) values="" ;;
            esac
            ;;
        'label report')
            flags="--json -h --help --debug"
            case $prev in
                *) values="" ;;
            esac
            ;;
        'label next')
            flags="-n --number --json -h --help --debug"
            case $prev in
                -n|--number) ;;
                *) values="" ;;
            esac
            ;;
        'models add')
            flags="--tag -m --note --by --data --code --sign --json --registry -h --help --debug"
            case $prev in
                --tag|-m|--note|--by|--data|--code|--sign|--registry) ;;
                *) values="" ;;
            esac
            ;;
        'models list')
            flags="--remote --json --registry -h --help --debug"
            case $prev in
                --remote|--registry) ;;
                *) values="" ;;
            esac
            ;;
        'models show')
            flags="--json --registry -h --help --debug"
            case $prev in
                --registry) ;;
                *) values="" ;;
            esac
            ;;
        'models tag')
            flags="--delete --history -m --note --by --json --registry -h --help --debug"
            case $prev in
                -m|--note|--by|--registry) ;;
                *) values="" ;;
            esac
            ;;
        'models rollback')
            flags="-m --note --by --json --registry -h --help --debug"
            case $prev in
                -m|--note|--by|--registry) ;;
                *) values="" ;;
            esac
            ;;
        'models withdraw')
            flags="--undo -m --note --by --json --registry -h --help --debug"
            case $prev in
                -m|--note|--by|--registry) ;;
                *) values="" ;;
            esac
            ;;
        'models diff')
            flags="--on --target --json --registry -h --help --debug"
            case $prev in
                --on|--target|--registry) ;;
                *) values="" ;;
            esac
            ;;
        'models push')
            flags="--remote --again --json --registry -h --help --debug"
            case $prev in
                --remote|--registry) ;;
                *) values="" ;;
            esac
            ;;
        'models pull')
            flags="--remote --locked --lock --key --renumber --json --registry -h --help --debug"
            case $prev in
                --remote|--lock|--key|--registry) ;;
                *) values="" ;;
            esac
            ;;
        'models lock')
            flags="-o --out --key --remote --json --registry -h --help --debug"
            case $prev in
                -o|--out|--key|--remote|--registry) ;;
                *) values="" ;;
            esac
            ;;
        'models verify')
            flags="--key --json --registry -h --help --debug"
            case $prev in
                --key|--registry) ;;
                *) values="" ;;
            esac
            ;;
        'models lineage')
            flags="--svg -f --force --json --registry -h --help --debug"
            case $prev in
                --svg|--registry) ;;
                *) values="" ;;
            esac
            ;;
        'models key')
            flags="--json -h --help --debug"
            case $prev in
                *) values="" ;;
            esac
            ;;
        studio)
            flags="--by --labels --finish --kind --text --program --log --host -p --port --browser --token-file --open -h --help --debug"
            case $prev in
                --by|--labels|--text|--program|--log|--host|-p|--port|--token-file) ;;
                --kind) values="photos texts recordings masks" ;;
                *) values="" ;;
            esac
            ;;
        info)
            flags="--json --onnx -f --force --trusted -h --help --debug"
            case $prev in
                --onnx) ;;
                *) values="" ;;
            esac
            ;;
        completion)
            flags="-h --help --debug"
            case $prev in
                *) values="bash zsh fish" ;;
            esac
            ;;
        help)
            flags="-h --help --debug"
            case $prev in
                *) values="train predict serve test report explain export mcp seal data label models studio info completion help" ;;
            esac
            ;;
        data)
            flags="-h --help --debug" values="init add label status diff agree commit log blame checkout revert merge resolve merge-file push pull clone shard verify prune"
            ;;
        label)
            flags="-h --help --debug" values="apply report next"
            ;;
        models)
            flags="-h --help --debug" values="add list show tag rollback withdraw diff push pull lock verify lineage key"
            ;;
        *)
            flags="-h --help -V --version --debug"
            [[ $command ]] || values="train predict serve test report explain export mcp seal data label models studio info completion help"
            ;;
    esac
    if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$flags" -- "$cur"))
    else
        COMPREPLY=($(compgen -W "$values" -- "$cur"))
    fi
}

# without a match of its own, it completes file names
complete -o default -F _gatera gatera
