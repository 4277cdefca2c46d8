#compdef mailcert
# zsh completion of mailcert: asks mailcert what may stand where the cursor is. Written by "mailcert completion zsh".

_mailcert() {
  local line kind word meaning files='' found=1
  local -a fields wholes beginnings
  for line in "${(@f)$(command mailcert __complete "${(@)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null </dev/null)}"; do
    fields=("${(@ps:\t:)line}")
    kind=$fields[1] word=$fields[2] meaning=$fields[3]
    # A colon parts the word from what it means.
    word=${word//:/\\:}${meaning:+:$meaning}
    case $kind in
      word) wholes+=("$word") ;;
      beginning) beginnings+=("$word") ;;
      files | folders) files=$kind ;;
    esac
  done
  (( $#wholes )) && _describe -V -t values 'mailcert' wholes && found=0
  (( $#beginnings )) && _describe -V -t beginnings 'mailcert' beginnings -S '' && found=0
  if [[ -n $files ]]; then
    compset -P '--[a-z-]#='
    if [[ $files == folders ]]; then _files -/ && found=0; else _files && found=0; fi
  fi
  return found
}

if [[ $funcstack[1] == _mailcert ]]; then
  _mailcert "$@"
else
  compdef _mailcert mailcert
fi
