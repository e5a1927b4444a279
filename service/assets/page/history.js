// What a pool showed over the last minutes. A time that nobody looked at is a gap, never a line drawn across it.

export const SECONDS = 180;
const GAP_S = 5;
const FIGURES = ["in_use", "idle", "waiting"];

export function emptyHistory() {
  return { times: [], in_use: [], idle: [], waiting: [], pid: null };
}

// Another process has another pool: its figures do not go on from those before.
export function keep(history, now_s, pool, pid) {
  const last_s = history.times.at(-1);
  if (last_s !== undefined && (now_s - last_s > GAP_S || pid !== history.pid)) {
    history.times.push((last_s + now_s) / 2);
    for (const figure of FIGURES) history[figure].push(null);
  }
  history.times.push(now_s);
  for (const figure of FIGURES) history[figure].push(pool[figure]);
  history.pid = pid;
  while (history.times[0] < now_s - SECONDS) for (const each of ["times", ...FIGURES]) history[each].shift();
}
