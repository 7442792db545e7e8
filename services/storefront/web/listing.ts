const PAUSE_MS = 150;
const UNAVAILABLE = 'Search does not answer right now.';

let running = new AbortController();
let timer: ReturnType<typeof setTimeout> | undefined;

document.documentElement.classList.add('scripted');

document.addEventListener('change', ({ target }) => {
  if (target instanceof Element && target.closest('[data-filters]')) void show(wanted());
});

document.addEventListener('submit', (event) => {
  const { target } = event;
  const isSearch = target instanceof HTMLFormElement && target.matches('[data-filters], .find');
  if (!isSearch || (target.matches('.find') && location.pathname !== '/search')) return;
  event.preventDefault();
  clearTimeout(timer);
  void show(wanted());
});

document.querySelector('#find')?.addEventListener('input', () => {
  if (location.pathname !== '/search') return;
  clearTimeout(timer);
  timer = setTimeout(() => void show(wanted()), PAUSE_MS);
});

/** The address that the filters and, on the search page, the words stand for. */
function wanted(): URL {
  const form = document.querySelector<HTMLFormElement>('[data-filters]');
  const url = new URL(form?.action ?? location.href);
  const fields = [...new FormData(form ?? undefined)].filter(([name]) => name !== 'q');
  const words = document.querySelector<HTMLInputElement>('#find')?.value.trim() ?? '';
  if (url.pathname === '/search' && words) url.searchParams.append('q', words);
  for (const [name, value] of fields) {
    if (typeof value === 'string' && value !== '') url.searchParams.append(name, value);
  }
  return url;
}

/** Fetches the very page that following the address would show, and takes its list over. */
async function show(url: URL): Promise<void> {
  running.abort();
  running = new AbortController();
  const { signal } = running;
  const listing = document.querySelector('#listing');
  listing?.setAttribute('aria-busy', 'true');
  try {
    const reply = await fetch(url, { signal, headers: { Accept: 'text/html' } });
    const page = new DOMParser().parseFromString(await reply.text(), 'text/html');
    if (signal.aborted) return;
    if (takeOver(page)) history.replaceState(null, '', url);
    else announce(UNAVAILABLE);
  } catch (error) {
    if (signal.aborted) return;
    announce(UNAVAILABLE);
    reportError(error);
  } finally {
    if (!signal.aborted) document.querySelector('#listing')?.removeAttribute('aria-busy');
  }
}

function takeOver(page: Document): boolean {
  const fresh = page.querySelector('#listing');
  const stale = document.querySelector('#listing');
  if (!fresh || !stale) return false;
  const focused = document.activeElement?.id;
  const opened = [...stale.querySelectorAll('details')].map(({ open }) => open);
  stale.replaceChildren(...fresh.childNodes);
  for (const [index, details] of [...stale.querySelectorAll('details')].entries()) {
    details.open = opened[index] ?? false;
  }
  for (const text of document.querySelectorAll('[data-live]')) {
    text.textContent = page.querySelector(`#${text.id}`)?.textContent ?? '';
  }
  document.title = page.title;
  if (focused) document.querySelector<HTMLElement>(`#${CSS.escape(focused)}`)?.focus();
  return true;
}

function announce(text: string): void {
  const count = document.querySelector('#count');
  if (count) count.textContent = text;
}
