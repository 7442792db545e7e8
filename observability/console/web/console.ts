import { h, render } from 'preact';
import { startLive } from './core/live.ts';
import { moveByInserting } from './core/moving.ts';
import { followHistory } from './core/url.ts';
import { Shell } from './shell/shell.tsx';

moveByInserting();
followHistory();
startLive();
render(h(Shell, {}), document.body);
