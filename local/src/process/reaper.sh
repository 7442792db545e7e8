# Outlives the engine by a few seconds: told on stdin which process groups the engine started, it
# stops them all once that pipe closes without them having been taken off the list. The engine
# being killed with SIGKILL closes the pipe too, which is the point.
trap '' INT TERM HUP QUIT
groups=
while read -r verb pid signal; do
  case $verb in
    add) groups="$groups $pid:$signal" ;;
    del)
      kept=
      for entry in $groups; do
        [ "${entry%%:*}" = "$pid" ] || kept="$kept $entry"
      done
      groups=$kept
      ;;
  esac
done

for entry in $groups; do
  kill -s "${entry##*:}" -- "-${entry%%:*}" 2>/dev/null
done
tries=0
while [ "$tries" -lt 50 ]; do
  alive=
  for entry in $groups; do
    kill -s 0 -- "-${entry%%:*}" 2>/dev/null && alive="$alive $entry"
  done
  [ -z "$alive" ] && exit 0
  groups=$alive
  sleep 0.1
  tries=$((tries + 1))
done
for entry in $groups; do
  kill -s KILL -- "-${entry%%:*}" 2>/dev/null
done
