/*
 * completion.c - completion for bash, out of the option tables.
 *
 * The script needs no bash-completion package.  Per command it holds the long options,
 * and what may follow those that take a file, a folder or one of a few words.
 */
#include "msg.h"

#include <string.h>

static void
put_values(exm_buf *b, const exm_cmd *cmd)
{
    const exm_opt *o;

    for (size_t i = 0; (o = exm_opt_get(cmd, i)) != NULL; i++) {
        if (o->kind == EXM_OPT_FLAG) continue;
        exm_buf_putf(b, "        \"%s --%s\"", cmd->name, o->name);
        if (o->letter) exm_buf_putf(b, "|\"%s -%c\"", cmd->name, o->letter);
        switch (o->kind) {
        case EXM_OPT_FILE:
        case EXM_OPT_PARAMS:
            exm_buf_puts(b, ") _exomir_files ;;\n");
            break;
        case EXM_OPT_DIR:
            exm_buf_puts(b, ") _exomir_folders ;;\n");
            break;
        case EXM_OPT_CHOICE: {
            const char *word;

            exm_buf_puts(b, ") _exomir_words '");
            for (size_t k = 0; (word = o->choice(k)) != NULL; k++)
                exm_buf_putf(b, k ? " %s" : "%s", word);
            exm_buf_puts(b, "' ;;\n");
            break;
        }
        default:
            exm_buf_puts(b, ") COMPREPLY=() ;;\n");
            break;
        }
    }
}

static void
put_options(exm_buf *b, const exm_cmd *cmd)
{
    const exm_opt *o;

    exm_buf_putf(b, "        \"%s\") _exomir_words '", cmd->name);
    for (size_t i = 0; (o = exm_opt_get(cmd, i)) != NULL; i++) {
        exm_buf_putf(b, i ? " --%s" : "--%s", o->name);
    }
    exm_buf_puts(b, "' ;;\n");
}

static void
put_operands(exm_buf *b, const exm_cmd *cmd)
{
    if (cmd->max_operands == 0) return;
    if (strcmp(cmd->name, "completion") == 0)
        exm_buf_puts(b, "        \"completion\") _exomir_words 'bash' ;;\n");
    else if (strcmp(cmd->name, "man") == 0 || strcmp(cmd->name, "help") == 0)
        exm_buf_putf(b, "        \"%s\") _exomir_words \"$_exomir_first\" ;;\n", cmd->name);
    else if (cmd->operand_kind == EXM_OPT_FILE)
        exm_buf_putf(b, "        \"%s\") _exomir_files ;;\n", cmd->name);
}

/* First words, each once; second words of "ref" and its like. */
static void
put_words(exm_buf *b, const char *group)
{
    const exm_cmd *cmd, *before = NULL;
    int n = 0;

    for (size_t i = 0; (cmd = exm_cmd_get(i)) != NULL; before = cmd, i++) {
        const size_t len = strcspn(cmd->name, " ");

        if (group) {
            if (len != strlen(group) || strncmp(cmd->name, group, len) != 0) continue;
            exm_buf_putf(b, n++ ? " %s" : "%s", cmd->name + len + 1);
            continue;
        }
        if (before && strncmp(before->name, cmd->name, len) == 0 &&
            (before->name[len] == ' ' || before->name[len] == '\0'))
            continue;
        if (n++) exm_buf_putc(b, ' ');
        exm_buf_put(b, cmd->name, len);
    }
}

static void
put_groups(exm_buf *b)
{
    const exm_cmd *cmd;
    const char *seen = "";

    for (size_t i = 0; (cmd = exm_cmd_get(i)) != NULL; i++) {
        const size_t len = strcspn(cmd->name, " ");

        if (!cmd->name[len] || strncmp(seen, cmd->name, len + 1) == 0) continue;
        seen = cmd->name;
        exm_buf_puts(b, "    ");
        exm_buf_put(b, cmd->name, len);
        exm_buf_puts(b, ")\n        if [ \"$COMP_CWORD\" -eq 2 ]; then\n"
                        "            _exomir_words '");
        {
            char group[32] = {0};

            memcpy(group, cmd->name, len < sizeof group ? len : sizeof group - 1);
            put_words(b, group);
        }
        exm_buf_puts(b, "'\n            return\n        fi\n"
                        "        cmd=\"$cmd ${COMP_WORDS[2]}\"\n        ;;\n");
    }
}

void
exm_completion_put_bash(exm_buf *ret)
{
    const exm_cmd *cmd;

    exm_buf_puts(
        ret, "# bash completion for exomir " EXM_VERSION "; made by 'exomir completion "
             "bash'.\n"
             "# Use:  source <(exomir completion bash)\n\n"
             "_exomir_words() { COMPREPLY=($(compgen -W \"$1\" -- \"$_exomir_typed\")); }\n"
             "_exomir_files() {\n"
             "    local IFS=$'\\n'\n"
             "    compopt -o filenames 2> /dev/null\n"
             "    COMPREPLY=($(compgen -f -- \"$_exomir_typed\"))\n"
             "}\n"
             "_exomir_folders() {\n"
             "    local IFS=$'\\n'\n"
             "    compopt -o filenames 2> /dev/null\n"
             "    COMPREPLY=($(compgen -d -- \"$_exomir_typed\"))\n"
             "}\n\n"
             "_exomir() {\n"
             "    local cmd before _exomir_first='");
    put_words(ret, NULL);
    exm_buf_puts(
        ret,
        "'\n"
        "    local _exomir_typed=\"${COMP_WORDS[COMP_CWORD]}\"\n"
        "    COMPREPLY=()\n"
        "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
        "        _exomir_words \"$_exomir_first --help --version\"\n"
        "        return\n"
        "    fi\n"
        "    cmd=\"${COMP_WORDS[1]}\"\n"
        "    before=\"${COMP_WORDS[COMP_CWORD - 1]}\"\n"
        "    # bash splits --name=value at '='\n"
        "    if [ \"$before\" = \"=\" ]; then before=\"${COMP_WORDS[COMP_CWORD - 2]}\"; "
        "fi\n"
        "    if [ \"$_exomir_typed\" = \"=\" ]; then _exomir_typed=''; fi\n"
        "    case \"$cmd\" in\n");
    put_groups(ret);
    exm_buf_puts(ret, "    esac\n"
                      "    case \"$_exomir_typed\" in\n"
                      "    -*)\n"
                      "        case \"$cmd\" in\n");
    for (size_t i = 0; (cmd = exm_cmd_get(i)) != NULL; i++) put_options(ret, cmd);
    exm_buf_puts(ret, "        esac\n"
                      "        ;;\n"
                      "    *)\n"
                      "        case \"$cmd $before\" in\n");
    for (size_t i = 0; (cmd = exm_cmd_get(i)) != NULL; i++) put_values(ret, cmd);
    exm_buf_puts(ret, "        *)\n"
                      "            case \"$cmd\" in\n");
    for (size_t i = 0; (cmd = exm_cmd_get(i)) != NULL; i++) put_operands(ret, cmd);
    exm_buf_puts(ret, "            esac\n"
                      "            ;;\n"
                      "        esac\n"
                      "        ;;\n"
                      "    esac\n"
                      "}\n"
                      "complete -F _exomir exomir\n");
}
