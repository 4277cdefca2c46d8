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
  # What stands before the last such sign stays as it is on the line.
  if [[ $current != [\"\']* ]]; then
    for sign in : =; do
      part=${current%"${current##*"$sign"}"}
      if [[ $COMP_WORDBREAKS == *"$sign"* ]] && ((${#part} > ${#head})); then head=$part; fi
    done
  fi

  local plain=${current//[\"\'\\]/} kind word meaning files='' goes_on=nospace
  while IFS=$'\t' read -r kind word meaning; do
    case $kind in
      files | folders) files=$kind ;;
      word | beginning)
        [[ $word == "$plain"* ]] || continue
        [[ $kind == beginning ]] || goes_on=''
        word=${word#"$head"}
        # Inside a quote bash closes it; elsewhere blanks and brackets need backslashes.
        [[ $current == [\"\']* || $word != *[!A-Za-z0-9_.,:=/@+-]* ]] || printf -v word '%q' "$word"
        COMPREPLY+=("$word")
        ;;
    esac
  done < <(command mailcert __complete "${words[@]:1}" 2>/dev/null </dev/null)

  if ((${#COMPREPLY[@]} > 0)); then
    [[ -z $goes_on ]] || compopt -o nospace
    if [[ -n $files ]]; then
      part=${current#--*=}
      [[ $files != files ]] || mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$part")
      [[ $files != folders ]] || mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$part")
    fi
  elif [[ $files == files ]]; then
    compopt -o default
  elif [[ $files == folders ]]; then
    compopt -o dirnames
  fi
}

complete -F _mailcert mailcert
