import { svelte } from '@sveltejs/vite-plugin-svelte';
import icons from 'unplugin-icons/vite';
import { defineConfig } from 'vitest/config';

const server = process.env.ANANCUS_URL ?? 'http://localhost:8080';

export default defineConfig({
	plugins: [svelte(), icons({ compiler: 'svelte', defaultClass: 'i', scale: 0 })],
	build: {
		target: 'es2022',
		// Nothing is inlined, so the Content-Security-Policy needs no exceptions.
		assetsInlineLimit: 0,
		// One style sheet: small enough, and one request instead of one per page.
		cssCodeSplit: false,
		manifest: 'build.json',
		modulePreload: { polyfill: false },
		rolldownOptions: {
			input: { index: 'index.html', sw: 'src/sw.ts' },
			output: {
				// The service worker keeps its name: browsers know it by that.
				entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
				// What several pages share travels in one file instead of thirty.
				codeSplitting: { groups: [{ name: 'shared', minShareCount: 2, test: /src|node_modules|~icons/ }] },
			},
		},
	},
	server: {
		proxy: Object.fromEntries(['/api', '/oauth', '/auth', '/.well-known'].map((path) => [path, path === '/api' ? { target: server, changeOrigin: true, ws: true, rewriteWsOrigin: true } : server])),
	},
	resolve: process.env.VITEST ? { conditions: ['browser'] } : {},
	test: { environment: 'jsdom', include: ['src/**/*.test.ts'] },
});
