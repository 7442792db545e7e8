import { signal } from '@preact/signals';

const key = 'faultline-theme';
const order = ['auto', 'dark', 'light'] as const;
type Theme = (typeof order)[number];

const theme = signal<Theme>(read());
apply(theme.value);

/** Light, dark, or as the system has it. */
export function ThemeButton() {
  const next = order[(order.indexOf(theme.value) + 1) % order.length] ?? 'auto';
  const change = () => {
    theme.value = next;
    localStorage.setItem(key, next);
    apply(next);
  };
  return (
    <button class="icon-button" type="button" onClick={change} title={`Colours: ${theme.value}`}>
      <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
        <circle cx="10" cy="10" r="7" fill="none" stroke="currentColor" stroke-width="1.6" />
        <path d="M10 3a7 7 0 0 1 0 14z" fill="currentColor" />
      </svg>
      <span class="visually-hidden">{`Colours: ${theme.value}; change to ${next}`}</span>
    </button>
  );
}

function apply(value: Theme): void {
  const { dataset } = document.documentElement;
  if (value === 'auto') delete dataset['theme'];
  else dataset['theme'] = value;
}

function read(): Theme {
  const stored = localStorage.getItem(key);
  return order.find((one) => one === stored) ?? 'auto';
}
