// Where the page begins.

import { render } from 'preact';
import 'uplot/dist/uPlot.min.css';
import './styles/page.css';
import './styles/parts.css';
import './styles/views.css';
import { App } from './app.tsx';
import { applyTheme } from './theme.ts';

applyTheme();
const place = document.getElementById('app');
if (place !== null) render(<App />, place);
