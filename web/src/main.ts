import './lib/ui/app.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { loadMessages } from './lib/i18n/i18n.svelte';

await loadMessages();
mount(App, { target: document.getElementById('app')! });
