-- A journal as schema 1 wrote it; never change this file.
BEGIN TRANSACTION;
CREATE TABLE answer (
    stream TEXT NOT NULL,
    seq INTEGER NOT NULL,
    place INTEGER NOT NULL,
    item TEXT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT,
    annotator TEXT NOT NULL,
    cost REAL NOT NULL,
    provenance TEXT NOT NULL,
    query TEXT,
    PRIMARY KEY (stream, seq, place),
    FOREIGN KEY (stream, seq) REFERENCES event (stream, seq),
    FOREIGN KEY (stream, item) REFERENCES item (stream, id)
) WITHOUT ROWID;
INSERT INTO "answer" VALUES('main',3,0,'a','label','"cat"','anna',0.5,'human','q0');
INSERT INTO "answer" VALUES('main',3,1,'b','distribution','{"cat": 0.25, "dog": 0.75}','anonymous',1.0,'human','q0');
INSERT INTO "answer" VALUES('main',3,2,'c','label','["cat", "dog"]','anonymous',1.0,'human','q0');
INSERT INTO "answer" VALUES('main',3,3,'d','skip',NULL,'anonymous',1.0,'human','q0');
INSERT INTO "answer" VALUES('main',3,4,'e','reject',NULL,'anonymous',1.0,'human','q0');
INSERT INTO "answer" VALUES('main',3,5,'f','label','1.5','anonymous',1.0,'human','q0');
INSERT INTO "answer" VALUES('main',6,0,'d','label','"bird"','anonymous',1.0,'human',NULL);
CREATE TABLE event (
    stream TEXT NOT NULL CHECK (length(stream) > 0),
    seq INTEGER NOT NULL CHECK (seq >= 1),
    at REAL NOT NULL,
    kind TEXT NOT NULL CHECK (length(kind) > 0),
    payload TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 16),
    PRIMARY KEY (stream, seq)
);
INSERT INTO "event" VALUES('main',1,100.0,'created','{"spec":{},"seed":0,"strategy":"margin","schema":{},"pool":{"items":9}}',X'D6B9092C9027AFB9104A971649401439');
INSERT INTO "event" VALUES('main',2,101.0,'asked','{"query":"q0","turn":0,"items":["a","b","c","d","e","f"],"strategy":"margin","scores":[null,null,null,null,null,null],"reasons":["","","","","",""],"round":0,"model":null,"arm":null,"inclusion":null,"seconds":{}}',X'A3BBF94097FCD7194B8B6554CD1F3BD9');
INSERT INTO "event" VALUES('main',3,102.0,'told','{"query":"q0","answers":[{"item":"a","kind":"label","value":"cat","annotator":"anna","cost":0.5},{"item":"b","kind":"distribution","value":{"cat":0.25,"dog":0.75}},{"item":"c","kind":"label","value":["cat","dog"],"rationale":{"words":[1,2]}},{"item":"d","kind":"skip"},{"item":"e","kind":"reject","at":"2026-01-01T00:00:00Z"},{"item":"f","kind":"label","value":1.5}]}',X'0BB1D32596D6635C4BD27B3207501926');
INSERT INTO "event" VALUES('main',4,103.0,'fitted','{"round":0,"labels":4,"cost":5.5,"model":"abababababababababababababababababababababababababababababababab","metrics":{"accuracy":0.5},"agreement":null,"surprise":null,"notes":[],"seconds":{"fit":0.1}}',X'5909473DEBE2940C2E5414F703AFDE51');
INSERT INTO "event" VALUES('main',5,104.0,'class_added','{"class":"bird"}',X'3111338B07615935E8DB78D2AE45B2F5');
INSERT INTO "event" VALUES('main',6,105.0,'told','{"query":null,"answers":[{"item":"d","kind":"label","value":"bird"}]}',X'CEF1FEE0007776EBA31C7ADB888743DD');
INSERT INTO "event" VALUES('main',7,106.0,'stopped','{"rule":"max_labels(5)","text":"5 items are labelled, and 5 were wanted"}',X'71091294D4AEFF75D14440053A1CCB7B');
CREATE TABLE item (
    stream TEXT NOT NULL,
    id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('unlabelled', 'pending', 'labelled', 'skipped', 'rejected')),
    value TEXT,
    answers INTEGER NOT NULL DEFAULT 0,
    last_seq INTEGER NOT NULL,
    PRIMARY KEY (stream, id),
    FOREIGN KEY (stream, last_seq) REFERENCES event (stream, seq)
) WITHOUT ROWID;
INSERT INTO "item" VALUES('main','a','labelled','"cat"',1,3);
INSERT INTO "item" VALUES('main','b','labelled','{"cat": 0.25, "dog": 0.75}',1,3);
INSERT INTO "item" VALUES('main','c','labelled','["cat", "dog"]',1,3);
INSERT INTO "item" VALUES('main','d','labelled','"bird"',2,6);
INSERT INTO "item" VALUES('main','e','rejected',NULL,1,3);
INSERT INTO "item" VALUES('main','f','labelled','1.5',1,3);
CREATE TABLE meta (
    key TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
);
INSERT INTO "meta" VALUES('created_by','querist 0.1.0');
INSERT INTO "meta" VALUES('schema_version','1');
CREATE TABLE model (
    stream TEXT NOT NULL,
    round INTEGER NOT NULL,
    digest TEXT,
    labels INTEGER NOT NULL,
    cost REAL NOT NULL,
    metrics TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (stream, round),
    FOREIGN KEY (stream, seq) REFERENCES event (stream, seq)
) WITHOUT ROWID;
INSERT INTO "model" VALUES('main',0,'abababababababababababababababababababababababababababababababab',4,5.5,'{"accuracy": 0.5}',4);
CREATE TABLE status (
    stream TEXT PRIMARY KEY NOT NULL,
    turns INTEGER NOT NULL DEFAULT 0,
    rounds INTEGER NOT NULL DEFAULT 0,
    answers INTEGER NOT NULL DEFAULT 0,
    cost REAL NOT NULL DEFAULT 0,
    stopped_rule TEXT,
    stopped_text TEXT,
    last_seq INTEGER NOT NULL,
    FOREIGN KEY (stream, last_seq) REFERENCES event (stream, seq)
) WITHOUT ROWID;
INSERT INTO "status" VALUES('main',1,1,7,6.5,'max_labels(5)','5 items are labelled, and 5 were wanted',7);
CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;
CREATE TRIGGER event_is_never_removed BEFORE DELETE ON event
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;
CREATE INDEX answer_by_item ON answer (stream, item);
COMMIT;
