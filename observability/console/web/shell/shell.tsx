import type { ComponentType } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { engineState } from '../core/engine.ts';
import { Link } from '../core/link.tsx';
import { matchRoute, type Route, type View, type ViewProps } from '../core/router.ts';
import { address, place } from '../core/url.ts';
import { routes, sections } from './routes.ts';
import { StatusBar } from './status-bar.tsx';
import { ThemeButton } from './theme.tsx';
import { Notices } from '../ui/notices.tsx';

/** Everything around a view. */
export function Shell() {
  const found = matchRoute(routes, place.value.path);
  const title = found?.route.title ?? 'Not here';
  useTitle(title);
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="top">
        <Link class="brand" href={address('/')} aria-label="Faultline, live">
          <Mark />
          Faultline
        </Link>
        <Navigation section={found?.route.section} />
        <StatusBar />
        <ThemeButton />
      </header>
      <main id="main" tabIndex={-1}>
        {found ? <Outlet route={found.route} params={found.params} /> : <NotHere />}
      </main>
      <Notices />
    </>
  );
}

function Mark() {
  return (
    <svg class="mark" viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
      <path d="M3 14.5 8.5 14.5 11 6l2.5 12 2.2-6.5H21" />
    </svg>
  );
}

function Navigation({ section }: { section: string | undefined }) {
  const hasEngine = engineState.value !== 'absent';
  return (
    <nav aria-label="Views">
      {sections
        .filter(({ needsEngine }) => hasEngine || needsEngine !== true)
        .map(({ path, name }) => (
          <Link
            key={path}
            href={address(path)}
            aria-current={path === section ? 'page' : undefined}
          >
            {name}
          </Link>
        ))}
    </nav>
  );
}

/** Shows a route's view, once it is loaded; the focus goes to what is new. */
function Outlet({ route, params }: { route: Route } & ViewProps) {
  const [loaded, setLoaded] = useState<{ route: Route; view: View } | undefined>();
  const isFirst = useRef(true);
  useEffect(() => {
    if (!isFirst.current) document.querySelector<HTMLElement>('#main')?.focus();
    isFirst.current = false;
    if ('load' in route) void route.load().then((view) => setLoaded({ route, view }));
  }, [route]);
  let Shown: ComponentType<ViewProps> | undefined;
  if ('view' in route) Shown = route.view;
  else if (loaded?.route === route) Shown = loaded.view;
  return Shown ? <Shown params={params} /> : <p class="empty">Loading …</p>;
}

function NotHere() {
  return (
    <div class="page">
      <h1>There is nothing here</h1>
      <p>
        No view has this address. <Link href={address('/')}>Go to the live map</Link>.
      </p>
    </div>
  );
}

function useTitle(title: string) {
  useEffect(() => {
    document.title = `${title} · Faultline`;
  }, [title]);
}
