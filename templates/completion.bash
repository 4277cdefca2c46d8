# bash completion of mailcert: asks mailcert what may stand where the cursor is. Written by "mailcert completion bash".

_mailcert() {
  COMPREPLY=()
  local rest=${COMP_LINE:0:COMP_POINT} words=() last=-1 i gap part
  # bash takes words apart at the signs of COMP_WORDBREAKS: --out=DIR and imaps://mail.example.org are put together again.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    gap=${rest%%[![:space:]]*}
    rest=${rest#"$gap"}
    part=${COMP_WORDS[i]}
    ((i < COMP_CWORD)) || part=$rest
    rest=${rest#"$part"}
    if ((last < 0)) || [[ -n $gap ]]; then
      words[++last]=$part
    else
      words[last]+=$part
    fi
  done

  local current=${words[last]} head='' sign
  # What stands before the last such sign outside of quotes stays as it is on the line.
  local bare=${current%%[\"\']*}
  for sign in : =; do
    part=${bare%"${bare##*"$sign"}"}
    if [[ $COMP_WORDBREAKS == *"$sign"* ]] && ((${#part} > ${#head})); then head=$part; fi
  done

  # In a quote that is open nothing can be escaped: what is more than text there, or would end it, is left out.
  local open='' special='[`$"\\!'\'']' behind=${current#"$head"}
  [[ $behind != [\"\']* || ${behind:1} == *"${behind:0:1}"* ]] || open=1
  local kept=${head//\\/} plain=${current//[\"\'\\]/} kind word meaning files='' goes_on=nospace tilde=''
  while IFS=$'\t' read -r kind word meaning; do
    case $kind in
      files | folders) files=$kind ;;
      word | beginning)
        [[ $word == "$plain"* ]] || continue
        [[ $word != *[[:cntrl:]]* && (-z $open || $word != *$special*) ]] || continue
        [[ $kind == beginning ]] || goes_on=''
        word=${word#"$kept"}
        # Inside a quote bash closes it; elsewhere blanks and brackets need backslashes.
        [[ -n $open || $word != *[!A-Za-z0-9_.,:=/@+-]* ]] || printf -v word '%q' "$word"
        COMPREPLY+=("$word")
        ;;
    esac
  done < <(command mailcert __complete "${words[@]:1}" 2>/dev/null </dev/null)

  if ((${#COMPREPLY[@]} > 0)); then
    [[ -z $goes_on ]] || compopt -o nospace
    if [[ -n $files ]]; then
      # Anybody may have given a file its name: it goes onto the line as text.
      part=${plain#--*=}
      [[ $part != \~* ]] || tilde=${part%%/*}
      while IFS= read -r word; do
        [[ $word != *[[:cntrl:]]* && (-z $open || $word != *$special*) ]] || continue
        word=${word#"${kept#--*=}"}
        if [[ -z $open ]]; then
          [[ $word == "$tilde"* ]] || tilde=''
          word=${word#"$tilde"}
          [[ -z $word ]] || printf -v word '%q' "$word"
          word=$tilde$word
        fi
        COMPREPLY+=("$word")
      done < <(if [[ $files == files ]]; then compgen -f -- "$part"; else compgen -d -- "$part"; fi)
    fi
  elif [[ $files == files ]]; then
    compopt -o default
  elif [[ $files == folders ]]; then
    compopt -o dirnames
  fi
}

complete -F _mailcert mailcert
