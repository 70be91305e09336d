import { holdScenarios } from "./scenarios.ts";

holdScenarios(1, 2);
