import type { Component } from 'svelte';
import At from '~icons/ph/at';
import Globe from '~icons/ph/globe-simple';
import Lock from '~icons/ph/lock-simple';
import Moon from '~icons/ph/moon';
import Tree from '~icons/ph/house-line';
import type { Audience } from './drafts';

export const audiences: Audience[] = ['public', 'unlisted', 'local', 'private', 'direct'];

export const audienceIcon: Record<Audience, Component<Record<string, unknown>>> = {
	public: Globe,
	unlisted: Moon,
	local: Tree,
	private: Lock,
	direct: At,
};
