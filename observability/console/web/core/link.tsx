import type { ComponentChildren } from 'preact';
import { go } from './url.ts';

type Props = {
  href: string;
  class?: string;
  title?: string;
  'aria-label'?: string;
  'aria-current'?: 'page' | 'true' | undefined;
  children: ComponentChildren;
};

/** A link within the console: no new document, and all that browsers do with links still works. */
export function Link({ href, children, ...rest }: Props) {
  const follow = (event: MouseEvent) => {
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
    if (!isPlain || event.defaultPrevented) return;
    event.preventDefault();
    go(href);
  };
  return (
    <a href={href} onClick={follow} {...rest}>
      {children}
    </a>
  );
}
