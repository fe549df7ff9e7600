"""The shell's rc file: a plain prompt, and OSC 133 marks around every command.

The marks are those of FinalTerm and its followers (``OSC 133 ; A|C|D``), with the command's own text in C::

    ESC ] 133 ; D ; STATUS ; [new] BEL      a command ended; "new" from a shell's first prompt
    ESC ] 133 ; A BEL                       a prompt follows
    ESC ] 133 ; P ; k=s BEL                 a continuation prompt follows (PS2)
    ESC ] 133 ; C ; NUMBER TEXT BEL         a command starts, as ``history 1`` shows it

PS1 is left to the learner: "a prompt follows" comes from PROMPT_COMMAND, which costs no fork. Bash before 5.3 can
run ``history`` while it expands PS0 only in a subshell (0.5 ms a command, none a prompt). A DEBUG trap needs none,
but it clobbers ``$_``, shows in ``trap`` and slows every loop.

As ``~/.bashrc`` it is read by every nested interactive bash too: ``ip netns exec red bash`` is marked as well.
"""

from __future__ import annotations

BASHRC = r"""# Read by every interactive bash of the lab.
case $- in *i*) ;; *) return 0 ;; esac

PS1='\u@\h:\w\$ '
HISTCONTROL=
HISTSIZE=10000
shopt -s checkwinsize
alias ls='ls --color=auto' grep='grep --color=auto'

# Programmable completion is loaded at the first Tab that needs it.
__nettutor_complete() {
    complete -r -D
    [ -r /usr/share/bash-completion/bash_completion ] || return 1
    . /usr/share/bash-completion/bash_completion
    return 124
}
complete -D -F __nettutor_complete

# Marks for the tutorial: where a prompt is, where a command starts and ends.
__nettutor_prompt() {
    printf '\e]133;D;%s;%s\a\e]133;A\a' "$?" "${__nettutor_new-new}" >/dev/tty
    __nettutor_new=
}
PROMPT_COMMAND='{ __nettutor_prompt; } 2>/dev/null'
PS2=$'\\[\e]133;P;k=s\a\\]> '
if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 503)); then
    PS0=$'\e]133;C;${ HISTTIMEFORMAT= history 1 2>/dev/null; }\a'
else
    PS0=$'\e]133;C;$({ HISTTIMEFORMAT= history 1; } 2>/dev/null)\a'
fi
"""
