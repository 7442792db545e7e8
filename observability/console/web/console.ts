import { h, render } from 'preact';
import { startLive } from './core/live.ts';
import { followHistory } from './core/url.ts';
import { Shell } from './shell/shell.tsx';

followHistory();
startLive();
render(h(Shell, {}), document.body);
